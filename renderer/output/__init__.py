"""Views written to shards, shards to a finished dataset, on a disk or in a cloud store. Start: shards.py."""
