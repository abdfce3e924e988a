"""Mesh formats: those that can be loaded, and those that are known and cannot."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..errors import AssetError

FORMATS = (".glb", ".gltf", ".obj", ".ply", ".stl", ".off")
"""Suffixes that can be loaded; of one object in several formats the first of these is taken."""
UNREAD = {
    ".fbx": "FBX", ".dae": "Collada", ".usd": "USD", ".usda": "USD", ".usdc": "USD", ".usdz": "USD", ".3ds": "3DS",
    ".blend": "Blender", ".3mf": "3MF", ".abc": "Alembic", ".x3d": "X3D", ".wrl": "VRML", ".vrml": "VRML",
    ".vrm": "VRM", ".max": "3ds Max", ".ma": "Maya", ".mb": "Maya", ".c4d": "Cinema 4D", ".lwo": "LightWave",
    ".skp": "SketchUp", ".dxf": "DXF", ".stp": "STEP", ".step": "STEP", ".igs": "IGES", ".iges": "IGES",
}  # fmt: skip
"""Suffixes of 3D models that cannot be loaded, and what their formats are called."""
REMEDY = "convert it to glTF (.glb) or OBJ, for example with Blender"


def is_mesh(path: Path) -> bool:
    """True if a file's name is that of a mesh that can be loaded, and neither hidden nor a system's own."""
    return path.suffix.lower() in FORMATS and not path.name.startswith(".")


def is_model(path: Path) -> bool:
    """True if a file's name is that of a 3D model, be it that it can be loaded or not."""
    return is_mesh(path) or (path.suffix.lower() in UNREAD and not path.name.startswith("."))


def rank(path: Path) -> tuple[int, str, str]:
    """Sorts models by format, those that cannot be loaded last, then by name."""
    suffix = path.suffix.lower()
    return FORMATS.index(suffix) if suffix in FORMATS else len(FORMATS), path.name, str(path)


def unread(path: Path) -> str:
    """The words, after a file's name, for a format that cannot be loaded.

    >>> unread(Path("chair/c.FBX")), unread(Path("chair/c.txt"))
    ('is in FBX format, which iebench does not read: convert it to glTF (.glb) or OBJ, for example with Blender', \
'is none of .glb, .gltf, .obj, .ply, .stl, .off: convert it to one of these')
    """
    if name := UNREAD.get(path.suffix.lower()):
        return f"is in {name} format, which iebench does not read: {REMEDY}"
    return f"is none of {', '.join(FORMATS)}: convert it to one of these"


def models_in(folder: Path) -> list[Path]:
    """The models in a folder at whatever depth, sorted by `rank`."""
    return sorted(_models(folder), key=rank)


def _models(folder: Path) -> Iterator[Path]:
    for place, inner, files in os.walk(folder, onerror=_refuse):
        inner[:] = sorted(name for name in inner if not name.startswith((".", "__MACOSX")))
        yield from (path for name in files if is_model(path := Path(place) / name))


def _refuse(error: OSError) -> None:
    """Raise what `os.walk` would leave out: a folder that cannot be looked into is not one without a mesh."""
    raise error


def sole_mesh(folder: Path, models: Sequence[Path] | None = None) -> Path:
    """The mesh that a folder holds, at whatever depth.

    models : what `models_in` finds there, if that is known

    Raises
    ------
    AssetError : none, none that can be loaded, or several of its best format, of which any might be the wrong one.
    """
    found = models_in(folder) if models is None else models
    if not found:
        raise AssetError(f"no mesh file in {folder.name}: none of its files ends in {', '.join(FORMATS)}")
    if not is_mesh(found[0]):
        raise AssetError(f"{found[0].relative_to(folder.parent)} {unread(found[0])}")
    best = [path for path in found if path.suffix.lower() == found[0].suffix.lower()]
    if len(best) > 1:
        some = ", ".join(str(path.relative_to(folder)) for path in best[:3]) + (", ..." if len(best) > 3 else "")
        raise AssetError(f"{folder.name} holds {len(best)} meshes ({some}): name one for each object in a CSV manifest")
    return found[0]
