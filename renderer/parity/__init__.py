"""Our pictures beside those of Blender 3 and BlenderProc: scripts to run with `python -m`; see README.md here."""
