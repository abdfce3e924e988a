"""Loaders of encoders: one file for each kind. `registry.load` finds the one that is meant."""
