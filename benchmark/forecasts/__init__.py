"""Estimates of time, memory and disk before a training or a score begins, for `--dry-run`. Start: train.py."""
