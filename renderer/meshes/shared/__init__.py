"""Code shared by the readers of all mesh formats: limits, colours, polygons, textures. Start: limits.py."""
