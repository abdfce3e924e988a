"""Published datasets of 3DIEBench's layout, brought into format 1 as they are; start with run.py."""
