"""One file per method, all with the same skeleton. Start: vicreg.py, then sie.py."""
