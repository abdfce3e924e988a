"""Wrappers of encoders: an encoder in, one that turns its pictures or joins several out. Start: wrap.py."""
