"""Processes that render, watched and replaced. Start: pool.py."""
