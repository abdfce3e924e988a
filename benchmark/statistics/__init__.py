"""Statistics and their intervals: metrics, bootstrap, regressions in closed form. Start: bootstrap.py."""
