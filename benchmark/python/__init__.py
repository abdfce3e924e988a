"""The functions of `from iebench.benchmark import ...`, which call the same code as the commands. Start: scores.py."""
