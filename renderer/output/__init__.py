"""Views are written to shards, and shards become a dataset, on a disk or in a cloud store. Start: shards.py."""
