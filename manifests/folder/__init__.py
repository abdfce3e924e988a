"""What a dataset's folder holds beside its pictures: index, counts, checksums. Start: index.py."""
