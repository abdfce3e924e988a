"""Loaders of encoders, one file per kind. `registry.load` chooses the loader."""
