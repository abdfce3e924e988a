"""The verb `iebench doctor`: checks of machine, packages, renderer and training, one line each. Start: command.py."""
