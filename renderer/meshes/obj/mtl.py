"""Material libraries of OBJ: keywords in Blender's spelling, textures staged, opacity maps made into alpha images."""

import re
from dataclasses import dataclass
from pathlib import Path

from ..shared.limits import TEXT_BYTES, check_size
from ..shared.text import decode
from ..shared.textures import Textures
from .mtl_numbers import numbers_in_range

DRAWN = {"map_kd": "map_Kd", "map_ks": "map_Ks", "map_ns": "map_Ns", "map_ke": "map_Ke", "map_d": "map_d",
         "map_bump": "map_Bump", "bump": "bump", "norm": "norm", "refl": "refl", "map_refl": "map_refl",
         "map_pr": "map_Pr", "map_pm": "map_Pm", "map_ps": "map_Ps"}  # fmt: skip
"""Maps that Blender's importer uses, in its spelling; other maps are left out and not reported as missing."""
PLAIN = {word.lower(): word for word in ("newmtl", "Ka", "Kd", "Ks", "Ke", "Ns", "Ni", "d", "Tr", "illum", "Pr", "Pm",
                                         "Ps", "Pc", "Pcr", "aniso", "anisor", "Tf")}  # fmt: skip
"""Other keywords that Blender reads, by their lower-case form; it accepts only this spelling."""
MAP = re.compile(r"\s*(map_\w+|bump|norm|refl|disp|decal)\s+(.*?)\s*", re.IGNORECASE)
OPTIONS = re.compile(r"(?:-(?:o|s|t)(?:\s+[-+.\deE]+){1,3}\s+|-mm\s+\S+\s+\S+\s+|-(?!mm\b)[a-z]+\s+\S+\s+)*")


@dataclass(frozen=True)
class _Map:
    """A map of a material: its keyword in lower case, its options, and the file name of its image."""

    kind: str
    options: str
    image: str

    @staticmethod
    def of(line: str) -> "_Map | None":
        if (match := MAP.fullmatch(line)) is None:
            return None
        matched = OPTIONS.match(match[2])
        options = matched[0] if matched else ""
        return _Map(match[1].lower(), options, match[2][len(options) :])


def clean_library(path: Path, textures: Textures) -> list[str]:
    """Return the lines of a material library for Blender, with textures staged and numbers moved into their ranges.

    Raises
    ------
    AssetError : the library, or all textures together, are over the limit; or a number is not finite.
    """
    check_size(path.name, path, TEXT_BYTES)
    kept: list[str] = []
    for lines in _materials(decode(path.read_bytes()).splitlines()):
        kinds = {image_map.kind for line in lines if (image_map := _Map.of(line)) is not None} & DRAWN.keys()
        inverted = textures.materials.map_d == "shapenet" and len(kinds) > 1
        for line in lines:
            if (image_map := _Map.of(line)) is None:
                kept.append(_spelled(line))
            elif image_map.kind in DRAWN and (staged := _stage(image_map, path.parent, textures, inverted)) is not None:
                kept.append(f"{DRAWN[image_map.kind]} {image_map.options}{staged}")
    lines, notes = numbers_in_range(kept, path.name)
    textures.notes += [*notes, *_unread(lines)]
    return lines


def _materials(lines: list[str]) -> list[list[str]]:
    """Split lines into those before the first material, then the lines of each material."""
    groups: list[list[str]] = [[]]
    for line in lines:
        if line.split()[:1] and line.split()[0].lower() == "newmtl":
            groups.append([])
        groups[-1].append(line)
    return groups


def _unread(lines: list[str]) -> list[str]:
    """Return a note about `Tr`, which no Blender reads: some programs use it as transparency, others as opacity."""
    count = 0
    for material in _materials(lines):
        words = {statement[0]: statement[1:] for line in material if len(statement := line.split()) > 1}
        count += bool({"d", "map_d"}.isdisjoint(words) and words.get("Tr", ["0"])[0].strip("0."))
    return [f"Tr of {count} materials is ignored, only d is read: they are drawn opaque"] if count else []


def _stage(image_map: _Map, folder: Path, textures: Textures, inverted: bool) -> str | None:
    if image_map.kind == "map_d":
        return textures.stage_opacity(folder, image_map.image, inverted)
    return textures.stage(folder, image_map.image)


def _spelled(line: str) -> str:
    """Return a line with its keyword in Blender's spelling, and an opacity without its option `-halo`."""
    words = line.split(maxsplit=1)
    if len(words) < 2 or (known := PLAIN.get(words[0].lower())) is None:
        return line
    return f"{known} {words[1].strip().removeprefix('-halo ') if known == 'd' else words[1].strip()}"
