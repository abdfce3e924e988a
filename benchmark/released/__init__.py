"""Checkpoints of papers, turned into encoders of ours. Start: converted.py."""
