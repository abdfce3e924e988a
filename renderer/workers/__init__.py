"""Rendering processes that are watched and replaced. Start: pool.py."""
