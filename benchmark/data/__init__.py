"""Reads shards and makes batches: images by offset, decoded by threads, in resumable order. Start: batches.py."""
