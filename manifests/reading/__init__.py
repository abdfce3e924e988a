"""Samples of a finished dataset: access by key, selection for display, contact sheets. Start: samples.py."""
