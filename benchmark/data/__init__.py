"""Reads shards and makes batches: images are read by offset, decoded by threads, in resumable order.

Start: batches.py.
"""
