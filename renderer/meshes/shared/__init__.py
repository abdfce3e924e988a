"""What the readers of all formats share: limits, colours, polygons, textures. Start: limits.py."""
