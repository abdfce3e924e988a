"""Scoring of an encoder, by probes (score.py) or along a swept factor (orbits.py). Start: score.py."""
