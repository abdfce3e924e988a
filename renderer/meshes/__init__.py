"""Meshes before Blender sees them: found, bounded, copied clean into a temporary folder, inspected. No bpy here.

`clean.py` is the way in: `with clean_copy(ref) as mesh:`, then `inspect.py`'s `inspect(mesh)`.
"""
