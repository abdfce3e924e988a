"""Comparison of two encoders on one dataset: features in, likeness with intervals out. Start: compare.py."""
