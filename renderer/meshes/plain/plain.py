"""PLY, STL and OFF: limits on the numbers of vertices and faces are checked before the file is parsed."""

from itertools import islice
from pathlib import Path

from ..shared.limits import FACES, VERTICES, check, check_size
from ..shared.text import utf8_blocks
from ..shared.textures import Textures
from . import off, ply_header
from .stl import count_facets

TEXTURE = "texture"  # prefix of the names of a PLY file's images in the clean folder; a number follows


def texture_files(mesh: Path) -> dict[int, Path]:
    """Return the images of a PLY file in the clean folder by their number in the file; some may be missing."""
    return {int(path.name.removeprefix(TEXTURE)): path for path in mesh.parent.glob(f"{TEXTURE}*")}


def clean_plain(name: str, path: Path, to: Path, textures: Textures) -> Path:
    """Check the counts of a PLY, STL or OFF file, and link it as `to`/mesh.SUFFIX together with its textures.

    Raises
    ------
    AssetError : faces, vertices or bytes are over the limits, or the header is not understood.
    """
    check_size(name, path)
    suffix = path.suffix.lower()
    faces = vertices = 0
    if suffix == ".stl":
        faces = count_facets(name, path)
    elif suffix == ".off":
        lines = off.content_lines(next(utf8_blocks(path), b""))
        header = off.parse_header(name, list(islice(lines, off.WRAPPED)))
        faces, vertices = header.faces, header.vertices
    else:
        head = ply_header.read_header(name, path)
        faces, vertices = head.count("face"), head.count("vertex")
        for number, texture in enumerate(head.textures):
            staged = textures.stage(path.parent, texture)
            if staged is not None:
                (to / f"{TEXTURE}{number}").symlink_to(to / staged)
    check(name, "faces", faces, FACES)
    check(name, "vertices", vertices, VERTICES)
    mesh = to / f"mesh{suffix}"
    mesh.symlink_to(path.absolute())
    return mesh
