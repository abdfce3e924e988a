"""OBJ: a copy in UTF-8 with one material library, whose textures are verified and lie in the same folder."""

import re
from pathlib import Path

from ..shared.limits import FACES, VERTICES, check, check_size
from ..shared.text import utf8_blocks
from ..shared.textures import Textures
from .colors import colored, colors_in_range
from .mtl import clean_library

LIBRARY = re.compile(rb"^[ \t]*mtllib[ \t]+(.*?)[ \t]*$", re.MULTILINE)


def clean_obj(name: str, path: Path, to: Path, textures: Textures) -> Path:
    """Write `to`/mesh.obj and `to`/mesh.mtl; return the path of the first.

    Raises
    ------
    AssetError : faces, vertices or bytes are over the limits, or a colour is not a finite number.
    """
    check_size(name, path)
    libraries: list[str] = []
    faces = vertices = 0
    painted = False
    with (to / "mesh.obj").open("wb") as file:
        file.write(b"mtllib mesh.mtl\n")
        for block in utf8_blocks(path):
            faces += _lines(block, b"f")
            vertices += _lines(block, b"v")
            check(name, "faces", faces, FACES)
            check(name, "vertices", vertices, VERTICES)
            painted = painted or colored(block)
            libraries += [library.decode() for library in LIBRARY.findall(block)] if b"mtllib" in block else []
            file.write(LIBRARY.sub(b"", block) if libraries else block)
    if painted and (note := colors_in_range(name, to / "mesh.obj")):
        textures.notes.append(note)
    own = path.with_suffix(".mtl").name  # Blender's default if the file names no library
    mtls = [mtl for library in dict.fromkeys(libraries) for mtl in _libraries(library, path, textures)]
    if not mtls and (mtl := textures.bounds.find(path.parent, own)) is not None:
        mtls = [mtl]
    lines = [line for mtl in dict.fromkeys(mtls) for line in clean_library(mtl, textures)]
    (to / "mesh.mtl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return to / "mesh.obj"


def _lines(block: bytes, statement: bytes) -> int:
    """Count the lines of a block that start with a statement such as `f`."""
    if b"\n " in block or b"\n\t" in block or b"\t" in block:
        return len(re.findall(rb"^[ \t]*%b[ \t]" % statement, block, re.MULTILINE))
    return block.count(b"\n" + statement + b" ") + block.startswith(statement + b" ")  # much faster


def _libraries(named: str, path: Path, textures: Textures) -> list[Path]:
    """Return the files of an mtllib line: `named` is one name, which may contain spaces, or several names."""
    for names in ([named], named.split()):
        mtls = [mtl for name in names if (mtl := textures.bounds.find(path.parent, name)) is not None]
        if mtls:
            return mtls
    textures.lost(named)
    return []
