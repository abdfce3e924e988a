"""Monitoring of a run during training, and reasons to stop it. Start: watch.py."""
