"""A representation followed as one factor is swept, object by object. Start: sweep.py."""
