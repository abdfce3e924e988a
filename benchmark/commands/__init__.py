"""The benchmark's verbs of `iebench`, one file a verb. Start: score.py."""
