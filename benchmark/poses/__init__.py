"""Distributions over poses: equal cells of poses, densities on them, finer cells near the modes. Start: density.py."""
