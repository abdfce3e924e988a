"""Commands of the benchmark for `iebench`, one file per command. Start: score.py."""
