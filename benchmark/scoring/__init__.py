"""Scoring: the main path, and splits, notes, examples and memory around the probes. Start: score.py."""
