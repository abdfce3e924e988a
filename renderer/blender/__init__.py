"""The only files that import bpy, and the interface they stand behind. Start: interface.py, then blender.py."""
