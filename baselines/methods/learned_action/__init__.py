"""Methods that learn the action of a pair of views from the pair itself, without its numbers. Start: stl.py."""
