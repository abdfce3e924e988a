"""What can be said about a finished dataset: verify, inspect, view. Start: verify.py."""
