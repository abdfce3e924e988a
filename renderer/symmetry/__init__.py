"""Rotational symmetries of objects, from their meshes: `iebench symmetry`."""
