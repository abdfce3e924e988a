"""A finished dataset's samples: by key, which to show, as contact sheets. Start: samples.py."""
