"""Import of published datasets with 3DIEBench's layout into format 1, without changing the images. Start: run.py."""
