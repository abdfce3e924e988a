"""Shards to batches: images read by offset, decoded by threads, in an order that resumes. Start: batches.py."""
