"""Files of a dataset's folder beside the images: index, counts, checksums. Start: index.py."""
