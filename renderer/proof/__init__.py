"""Commands for a finished dataset: verify it, inspect it, view a sample. Start: verify.py."""
