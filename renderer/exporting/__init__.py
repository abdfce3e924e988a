"""Export of datasets into the layout of the published 3DIEBench, and their restoration from it. Start: folder.py."""
