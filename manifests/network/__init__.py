"""Requests over a network. Start: retries.py."""
