"""Numbers in the materials of a glTF: moved into their valid ranges, with notes."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from ...errors import AssetError
from ..shared.colors import clipped, dimmed, in_range

Json = dict[str, Any]
COLORS = {"baseColorFactor": "base colours", "diffuseFactor": "base colours", "sheenColorFactor": "sheen colours"}
SHARES = frozenset({
    "metallicFactor", "roughnessFactor", "alphaCutoff", "transmissionFactor", "clearcoatFactor", "specularFactor",
    "clearcoatRoughnessFactor", "sheenRoughnessFactor", "glossinessFactor", "anisotropyStrength",
})  # fmt: skip
EMISSION, STRENGTH = "emissiveFactor", "KHR_materials_emissive_strength"


def materials_in_range(name: str, tree: Json) -> list[str]:
    """Move all out-of-range numbers in a glTF's materials into their ranges; return notes.

    Raises
    ------
    AssetError : a number is not finite.
    """
    materials = tree.get("materials", [])
    tables = [table for material in materials for table in _tables(material)]
    for table in tables:
        for key, value in table.items():
            numbers = value if isinstance(value, list) else [value]
            if not all(math.isfinite(x) for x in numbers if isinstance(x, int | float)):
                raise AssetError(f"{name} has a material whose {key} is {value}: give finite numbers")
    notes = [_colors(name, [(t, key) for t in tables for key in COLORS if key in t and COLORS[key] == noun], noun)
             for noun in dict.fromkeys(COLORS.values())]  # fmt: skip
    notes += [_share(table, key) for table in tables for key in sorted(SHARES & table.keys())]
    notes += [_emission(material) for material in materials]
    return list(dict.fromkeys(note for note in notes if note))


def _tables(table: Json) -> Iterator[Json]:
    """Yield a material and all tables inside it."""
    yield table
    for value in table.values():
        if isinstance(value, dict):
            yield from _tables(value)


def _colors(name: str, entries: list[tuple[Json, str]], noun: str) -> str:
    colors = np.array([table[key][:3] for table, key in entries], np.float64).reshape(-1, 3)
    changed, note = in_range(colors, name, noun)
    for (table, key), color in zip(entries, changed, strict=True):
        table[key] = [*color.tolist(), *(min(max(alpha, 0), 1) for alpha in table[key][3:])]
    return note


def _share(table: Json, key: str) -> str:
    if not isinstance(table[key], int | float):
        return ""
    changed, note = clipped(np.array([float(table[key])]), key)
    table[key] = changed.item() if note else table[key]
    return note


def _emission(material: Json) -> str:
    """Multiply an emission's strength into its colour, which is then limited to 1."""
    strength = material.get("extensions", {}).pop(STRENGTH, {}).get("emissiveStrength", 1.0)
    if EMISSION not in material:
        return ""
    changed, note = dimmed(np.array([material[EMISSION]], np.float64) * strength, "emissive colours")
    material[EMISSION] = changed[0].tolist()
    return note
