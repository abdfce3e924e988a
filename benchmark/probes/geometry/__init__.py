"""Probes of the suite "full": features of val in, descriptions of the representation out. Start: descriptions.py."""
