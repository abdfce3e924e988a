"""`python -m iebench`: the same as the command `iebench`."""

from iebench.manifests.common.cli import main

main()
