"""PLY, STL and OFF: nothing but geometry and colours, and counts that the first lines give away."""

from itertools import islice
from pathlib import Path

from . import off, ply_header
from .limits import FACES, VERTICES, check, check_size
from .stl import count_facets
from .text import utf8_blocks
from .textures import Textures

TEXTURE = "texture"  # the image of a PLY file in the clean folder


def clean_plain(name: str, path: Path, to: Path, textures: Textures, folder: Path) -> Path:
    """Check the counts of a PLY, STL or OFF file, and link it as `to`/mesh.SUFFIX with its texture, if it names one.

    Raises
    ------
    AssetError : more faces, vertices or bytes than the limits allow, or a header that is not understood.
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
        for texture in head.textures[:1]:
            staged = textures.stage(path.parent, texture)
            if staged is not None:
                (to / TEXTURE).symlink_to(to / staged)
    check(name, "faces", faces, FACES)
    check(name, "vertices", vertices, VERTICES)
    mesh = to / f"mesh{suffix}"
    mesh.symlink_to(path.absolute())
    return mesh
