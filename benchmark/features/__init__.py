"""Every view encoded once: representations, cached or from a file. Start: cache.py."""
