"""One file a method, one skeleton. Start: vicreg.py, then sie.py."""
