"""Checkpoints released with papers, converted to encoders of iebench. Start: converted.py."""
