"""Preparation of meshes for Blender, without bpy: find the file, check it, make a clean temporary copy, inspect it.

Start: clean.py, `with clean_copy(ref) as mesh:`, then `read` and `inspect` of inspect.py.
"""
