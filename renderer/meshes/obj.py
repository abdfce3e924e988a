"""OBJ: a copy in UTF-8 with one material library beside it, whose textures are verified and lie in the same folder."""

import re
from pathlib import Path

from .limits import FACES, TEXT_BYTES, VERTICES, check, check_size
from .text import decode, utf8_blocks
from .textures import Textures, resolve

LIBRARY = re.compile(rb"^[ \t]*mtllib[ \t]+(.*?)[ \t]*$", re.MULTILINE)
TEXTURE = re.compile(r"\s*(map_\w+|bump|norm|refl|disp|decal)\s+(.*?)\s*", re.IGNORECASE)
DRAWN = {"map_kd", "map_ks", "map_ns", "map_ke", "map_d", "map_bump", "bump", "norm", "refl", "map_refl", "map_pr",
         "map_pm", "map_ps"}  # fmt: skip
"""What Blender's importer draws; other textures are left out and not missed."""
OPTIONS = re.compile(r"(?:-(?:o|s|t)(?:\s+[-+.\deE]+){1,3}\s+|-mm\s+\S+\s+\S+\s+|-(?!mm\b)[a-z]+\s+\S+\s+)*")


def clean_obj(name: str, path: Path, to: Path, textures: Textures, folder: Path) -> Path:
    """Write `to`/mesh.obj and `to`/mesh.mtl; returns the first.

    folder : what the file refers to must lie inside

    Raises
    ------
    AssetError : more faces, vertices or bytes than the limits allow.
    """
    check_size(name, path)
    libraries: list[str] = []
    faces = vertices = 0
    with (to / "mesh.obj").open("wb") as file:
        file.write(b"mtllib mesh.mtl\n")
        for block in utf8_blocks(path):
            faces += _lines(block, b"f")
            vertices += _lines(block, b"v")
            check(name, "faces", faces, FACES)
            check(name, "vertices", vertices, VERTICES)
            libraries += [found.decode() for found in LIBRARY.findall(block)] if b"mtllib" in block else []
            file.write(LIBRARY.sub(b"", block) if libraries else block)
    own = path.with_suffix(".mtl").name  # where none is named, Blender takes it
    found = [place for library in dict.fromkeys(libraries) for place in _libraries(library, path, folder, textures)]
    if not found and (place := resolve(folder, path.parent, own)) is not None:
        found = [place]
    lines = [line for place in dict.fromkeys(found) for line in _materials(place, textures)]
    (to / "mesh.mtl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return to / "mesh.obj"


def _lines(block: bytes, statement: bytes) -> int:
    """How many lines of a block are a statement such as `f`."""
    if b"\n " in block or b"\n\t" in block or b"\t" in block:
        return len(re.findall(rb"^[ \t]*%b[ \t]" % statement, block, re.MULTILINE))
    return block.count(b"\n" + statement + b" ") + block.startswith(statement + b" ")  # much faster


def _libraries(named: str, path: Path, folder: Path, textures: Textures) -> list[Path]:
    """The files of one mtllib line: its rest is one name, spaces and all, or else several."""
    for names in ([named], named.split()):
        found = [place for name in names if (place := resolve(folder, path.parent, name)) is not None]
        if found:
            return found
    textures.lost(named)
    return []


def _materials(path: Path, textures: Textures) -> list[str]:
    check_size(path.name, path, TEXT_BYTES)
    kept = []
    for line in decode(path.read_bytes()).splitlines():
        if (found := TEXTURE.fullmatch(line)) is None:
            kept.append(line)
        elif found[1].lower() in DRAWN:
            options = OPTIONS.match(found[2])
            settings = options[0] if options else ""
            staged = textures.stage(path.parent, found[2][len(settings) :])
            if staged is not None:
                kept.append(f"{found[1]} {settings}{staged}")
    return kept
