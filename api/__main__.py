"""Entry point of `python -m iebench`; same as the command `iebench`."""

from iebench.manifests.shell.cli import main

main()
