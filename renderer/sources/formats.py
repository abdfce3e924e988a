"""Mesh formats: those that can be loaded, and known formats that cannot."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..errors import AssetError

FORMATS = (".glb", ".gltf", ".obj", ".ply", ".stl", ".off")
"""Suffixes that can be loaded; for an object in several formats, the first of these is used."""
UNREAD = {
    ".fbx": "FBX", ".dae": "Collada", ".usd": "USD", ".usda": "USD", ".usdc": "USD", ".usdz": "USD", ".3ds": "3DS",
    ".blend": "Blender", ".3mf": "3MF", ".abc": "Alembic", ".x3d": "X3D", ".wrl": "VRML", ".vrml": "VRML",
    ".vrm": "VRM", ".max": "3ds Max", ".ma": "Maya", ".mb": "Maya", ".c4d": "Cinema 4D", ".lwo": "LightWave",
    ".skp": "SketchUp", ".dxf": "DXF", ".stp": "STEP", ".step": "STEP", ".igs": "IGES", ".iges": "IGES",
}  # fmt: skip
"""Suffixes of 3D models that cannot be loaded, with the names of their formats."""
REMEDY = "convert it to glTF (.glb) or OBJ, for example with Blender"


def is_mesh(path: Path) -> bool:
    """True if the file's suffix is loadable and its name is not hidden."""
    return path.suffix.lower() in FORMATS and not path.name.startswith(".")


def is_model(path: Path) -> bool:
    """True if the file's name is that of a 3D model, loadable or not."""
    return is_mesh(path) or (path.suffix.lower() in UNREAD and not path.name.startswith("."))


def rank(path: Path) -> tuple[int, str, str]:
    """Return a sort key: models by format, unsupported formats last, then by name."""
    suffix = path.suffix.lower()
    return FORMATS.index(suffix) if suffix in FORMATS else len(FORMATS), path.name, str(path)


def unread(path: Path) -> str:
    """Return the predicate, after a file's name, for a format that cannot be loaded.

    >>> unread(Path("chair/c.FBX")), unread(Path("chair/c.txt"))
    ('is in FBX format, which iebench does not read: convert it to glTF (.glb) or OBJ, for example with Blender', \
'is none of .glb, .gltf, .obj, .ply, .stl, .off: convert it to one of these')
    """
    if name := UNREAD.get(path.suffix.lower()):
        return f"is in {name} format, which iebench does not read: {REMEDY}"
    return f"is none of {', '.join(FORMATS)}: convert it to one of these"


def models_in(folder: Path) -> list[Path]:
    """Return the models in a folder at any depth, sorted by `rank`."""
    return sorted(_models(folder), key=rank)


def _models(folder: Path) -> Iterator[Path]:
    for root, inner, files in os.walk(folder, onerror=_refuse):
        inner[:] = sorted(name for name in inner if not name.startswith((".", "__MACOSX")))
        yield from (path for name in files if is_model(path := Path(root) / name))


def _refuse(error: OSError) -> None:
    """Raise the error that `os.walk` would skip: an unreadable folder must not count as a folder without a mesh."""
    raise error


def sole_mesh(folder: Path, models: Sequence[Path] | None = None) -> Path:
    """Return the only mesh in a folder, at any depth.

    models : result of `models_in`, if already known

    Raises
    ------
    AssetError : the folder has no mesh, no loadable mesh, or several meshes of its best format.
    """
    paths = models_in(folder) if models is None else models
    if not paths:
        raise AssetError(f"no mesh file in {folder.name}: none of its files ends in {', '.join(FORMATS)}")
    if not is_mesh(paths[0]):
        raise AssetError(f"{paths[0].relative_to(folder.parent)} {unread(paths[0])}")
    best = [path for path in paths if path.suffix.lower() == paths[0].suffix.lower()]
    if len(best) > 1:
        some = ", ".join(str(path.relative_to(folder)) for path in best[:3]) + (", ..." if len(best) > 3 else "")
        raise AssetError(f"{folder.name} holds {len(best)} meshes ({some}): name one for each object in a CSV manifest")
    return paths[0]
