"""Comparison of our images with those of Blender 3 and BlenderProc: scripts for `python -m`; see README.md here."""
