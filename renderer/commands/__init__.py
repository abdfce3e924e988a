"""The renderer's verbs of `iebench`. Start: render.py."""
