"""Methods with a task beside the contrast: a head tells which transformation a picture went through. Start: essl.py."""
