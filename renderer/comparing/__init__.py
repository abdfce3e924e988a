"""Comparison of the images of two renderers: chosen views, PSNR, object disc, ground. Start: compare.py."""
