"""Pictures of two renderers measured against each other: which views, PSNR, discs. Start: compare.py."""
