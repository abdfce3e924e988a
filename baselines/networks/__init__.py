"""Backbones, heads and predictors. Start: encoder.py."""
