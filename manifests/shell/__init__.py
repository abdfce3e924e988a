"""The command `iebench`: its verbs, tables on screen, exit codes. Start: cli.py."""
