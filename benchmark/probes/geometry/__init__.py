"""Probes of the suite "full": features or maps of val in, descriptions of them out. Start: descriptions.py."""
