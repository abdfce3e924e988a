"""Controls: a factor's values in, a changed scene out. Start: control.py, then lights.py as an example."""
