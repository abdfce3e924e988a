"""`python -m iebench`: the same as the command `iebench`."""

from iebench.manifests.shell.cli import main

main()
