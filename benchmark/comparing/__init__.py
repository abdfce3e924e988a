"""Comparison of two encoders on one dataset: features in, similarity with intervals out. Start: compare.py."""
