"""Utilities shared by all parts: settings, files, locks, messages for unreadable files. Start: settings.py."""
