"""The command `iebench`: its verbs, tables on the terminal, exit codes. Start: cli.py."""
