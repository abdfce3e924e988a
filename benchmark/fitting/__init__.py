"""Shared code of the probes: their context, and the heads and linear maps that they fit. Start: context.py."""
