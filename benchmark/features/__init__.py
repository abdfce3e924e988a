"""Features: each view is encoded once, and cached or read from a file. Start: cache.py."""
