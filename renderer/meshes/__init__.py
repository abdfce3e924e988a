"""Meshes before they reach Blender: located, checked, copied clean into a temporary folder, inspected. No bpy here.

Start: clean.py, `with clean_copy(ref) as mesh:`, then `read` and `inspect` of inspect.py.
"""
