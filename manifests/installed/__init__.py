"""Installed optional parts, and plug-ins of other packages. Start: plugins.py."""
