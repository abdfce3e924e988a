"""The commands of `iebench` that belong to the renderer, one file each. Start: render.py."""
