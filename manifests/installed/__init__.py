"""Installed optional parts, and what installed packages add to iebench. Start: registry.py."""
