"""PLY, STL and OFF: nothing but geometry and colours, and counts that the first lines give away."""

import re
from pathlib import Path

from ..errors import AssetError
from .limits import FACES, VERTICES, check, check_size
from .text import utf8_blocks
from .textures import Textures

HEADER = 1 << 16


def clean_plain(name: str, path: Path, to: Path, textures: Textures, folder: Path) -> Path:
    """Check the counts of a PLY, STL or OFF file, and link it as `to`/mesh.SUFFIX with its texture, if it names one.

    Raises
    ------
    AssetError : more faces, vertices or bytes than the limits allow, or fewer than the file itself says.
    """
    size = check_size(name, path)
    suffix = path.suffix.lower()
    with path.open("rb") as file:
        header = file.read(HEADER)
    if suffix == ".stl" and size != _stl_size(header):
        faces, vertices = _facets(name, path), 0
        if not faces and not header.lstrip().startswith(b"solid"):
            raise AssetError(f"{name} has {size} bytes where its header asks for {_stl_size(header)}: it is damaged")
    else:
        faces, vertices = {".ply": _ply, ".stl": _stl, ".off": _off}[suffix](header)
    check(name, "faces", faces, FACES)
    check(name, "vertices", vertices, VERTICES)
    if suffix == ".off" or b"format ascii" in header[:100]:
        _check_lines(name, path, _head(suffix, header) + faces + vertices)
    if suffix == ".ply" and (texture := re.search(rb"^comment TextureFile (.+?)\s*$", header, re.MULTILINE)):
        staged = textures.stage(path.parent, texture[1].decode("utf-8", "replace"))
        if staged is not None:
            (to / TEXTURE).symlink_to(to / staged)
    mesh = to / f"mesh{suffix}"
    mesh.symlink_to(path.absolute())
    return mesh


TEXTURE = "texture"  # the image of a PLY file in the clean folder


def _ply(header: bytes) -> tuple[int, int]:
    head = header.partition(b"end_header")[0]
    counts = {m[1]: int(m[2]) for m in re.finditer(rb"^element (\w+) (\d{1,18})\s*$", head, re.MULTILINE)}
    return counts.get(b"face", 0), counts.get(b"vertex", 0)


def _stl(header: bytes) -> tuple[int, int]:
    faces = int.from_bytes(header[80:84], "little")
    return faces, 3 * faces


def _stl_size(header: bytes) -> int:
    """How long the file is if it is a binary one."""
    return 84 + 50 * _stl(header)[0]


def _facets(name: str, path: Path) -> int:
    """The faces of an STL file in text."""
    faces = 0
    for block in utf8_blocks(path):
        faces += block.count(b"facet ")  # not "endfacet", which ends its line
        check(name, "faces", faces, FACES)
    return faces


def _check_lines(name: str, path: Path, wanted: int) -> None:
    """See that a PLY or OFF file in text has a line for each of its vertices and faces: readers take what is there."""
    lines = sum(_told(line) for block in utf8_blocks(path) for line in block.splitlines())
    if lines < wanted:
        raise AssetError(f"{name} is cut short: it has {lines} of the {wanted} lines that its header asks for")


def _head(suffix: str, header: bytes) -> int:
    """The lines before the first vertex."""
    if suffix == ".ply":
        return sum(map(_told, header.partition(b"end_header")[0].splitlines())) + 1
    first = next((line for line in header.splitlines() if _told(line)), b"")
    return 1 if re.search(rb"\d", first) else 2  # the counts may stand behind the word OFF


def _told(line: bytes) -> bool:
    """Whether a line holds more than a comment of OFF."""
    return bool(line.partition(b"#")[0].strip())


def _off(header: bytes) -> tuple[int, int]:
    text = b" ".join(line.partition(b"#")[0] for line in header.splitlines())
    numbers = re.findall(rb"\d{1,18}", text.partition(b"OFF")[2][:1000])
    return (int(numbers[1]), int(numbers[0])) if len(numbers) > 1 else (0, 0)
