"""Datasets as folders in the layout of the published 3DIEBench, and the same datasets back. Start: folder.py."""
