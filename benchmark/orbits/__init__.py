"""Change of a representation while one factor is swept, object by object. Start: sweep.py."""
