"""The probes: one file each, named by entry points and imported when a score asks for them. Start: rotation.py."""
