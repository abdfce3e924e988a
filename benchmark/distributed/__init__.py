"""Processes and devices: ranks that train together, the device of each, and signals that stop them. Start: ranks.py."""
