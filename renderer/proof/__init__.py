"""A finished dataset, checked and shown: verify, inspect, view. Start: verify.py."""
