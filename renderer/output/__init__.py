"""Views to shards, shards to a finished dataset, on a disk or in a cloud's store. Start: shards.py."""
