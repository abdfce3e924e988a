"""Meshes far from their origin, for example in map coordinates: moved to it before they are stored in 32 bits."""

from pathlib import Path

import numpy as np
import trimesh
from numpy.typing import NDArray

from ...errors import AssetError

FAR = 16  # diagonals from the origin; up to here, 32-bit numbers hold a vertex to a millionth of the diagonal
LOST = 1_000  # diagonals; beyond, the precision is worse than a ten-thousandth of the diagonal


def far_centre(loaded: trimesh.Trimesh) -> NDArray[np.float64]:
    """Return the centre of a mesh's bounding box, (3,) in the mesh's units, if far from the origin; else zeros."""
    centre, diagonal = _box(loaded)
    return centre if np.linalg.norm(centre) > FAR * diagonal else np.zeros(3)


def check_near(name: str, loaded: trimesh.Trimesh) -> None:
    """Check that a mesh stored in 32-bit numbers is close enough to its origin to keep its shape.

    Raises
    ------
    AssetError : it is not.
    """
    centre, diagonal = _box(loaded)
    vertices = np.asarray(loaded.vertices)
    if np.linalg.norm(centre) > LOST * diagonal and (vertices == vertices.astype(np.float32)).all():
        raise AssetError(
            f"{name} lies {np.linalg.norm(centre):.3g} units from its origin and is {diagonal:.3g} large, too little "
            "for 32-bit numbers: move it to its origin"
        )


def move_obj(mesh: Path, centre: NDArray[np.float64]) -> None:
    """Rewrite a clean OBJ file with `centre` as its origin.

    Raises
    ------
    AssetError : a vertex is not three numbers.
    """
    moved = mesh.with_suffix(".moved")
    with mesh.open("rb") as old, moved.open("wb") as new:
        for line in old:
            words = line.split()
            if words[:1] != [b"v"]:
                new.write(line)
                continue
            try:
                position = np.array(words[1:4], np.float64) - centre
            except ValueError as error:
                raise AssetError(f"{mesh.name} has a vertex that is not three numbers: {line!r}") from error
            new.write(b" ".join([b"v", *(b"%.9g" % number for number in position), *words[4:]]) + b"\n")
    moved.replace(mesh)


def _box(loaded: trimesh.Trimesh) -> tuple[NDArray[np.float64], float]:
    vertices = np.asarray(loaded.vertices, np.float64)
    if not len(vertices):
        return np.zeros(3), 0.0
    low, high = vertices.min(0), vertices.max(0)
    return low / 2 + high / 2, float(np.linalg.norm(high - low))
