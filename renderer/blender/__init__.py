"""The only files that import bpy, and the interface that they implement. Start: interface.py, then blender.py."""
