"""Commands for a finished dataset: verify, inspect, view. Start: verify.py."""
