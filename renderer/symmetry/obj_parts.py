"""Parts of an OBJ file with their colours and textures, one for each material, for colours on its surface.

trimesh's reader gives the texture coordinates of a file to the wrong material if some faces have none.
"""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import trimesh
from PIL import Image
from trimesh.visual import ColorVisuals, TextureVisuals
from trimesh.visual.material import SimpleMaterial


def parts(path: Path) -> Iterator[trimesh.Trimesh]:
    """Yield a mesh for the faces of each material, with and without texture coordinates apart.

    path : a clean copy, with its materials in an .mtl file beside it. Polygons are cut into fans. Faces without a
        material have the colours of their vertices
    """
    points: list[list[float]] = []
    colours: list[list[float]] = []
    coordinates: list[list[float]] = []
    faces: dict[tuple[str, bool], list[tuple[list[int], list[int]]]] = defaultdict(list)
    material = ""
    for line in path.read_text(encoding="utf-8").replace("\\\n", " ").splitlines():
        words = line.partition("#")[0].split()
        match words[:1]:
            case ["v"]:
                points.append([float(word) for word in words[1:4]])
                colours.append([float(word) for word in words[4:7]] if len(words) == 7 else [])
            case ["vt"]:
                coordinates.append([float(word) for word in (*words[1:3], "0")[:2]])
            case ["usemtl"]:
                material = line.split(None, 1)[1].strip()
            case ["f"]:
                corners = [(*word.split("/"), "")[:2] for word in words[1:]]
                textured = all(uv for _, uv in corners)
                at = [_index(number, len(points)) for number, _ in corners]
                uvs = [_index(number, len(coordinates)) for _, number in corners] if textured else [0] * len(at)
                for k in range(1, len(at) - 1):
                    faces[material, textured].append(([at[0], *at[k : k + 2]], [uvs[0], *uvs[k : k + 2]]))
    materials = _materials(path)
    for (name, textured), triangles in faces.items():
        own = np.array([face for face, _ in triangles]).ravel()
        mesh = trimesh.Trimesh(np.array(points)[own], np.arange(len(own)).reshape(-1, 3), process=False, validate=False)
        if name in materials:
            uv = np.array(coordinates)[np.array([uvs for _, uvs in triangles]).ravel()] if textured else None
            mesh.visual = TextureVisuals(uv=uv, material=materials[name])  # type: ignore[no-untyped-call]
        elif all(colours[i] for i in own):
            shades = np.rint(255 * np.array([colours[i] for i in own]).clip(0, 1)).astype(np.uint8)
            mesh.visual = ColorVisuals(mesh, vertex_colors=shades)
        yield mesh


def _index(number: str, count: int) -> int:
    """Return the position of a number of OBJ, which counts from 1, or from the end if it is negative."""
    return int(number) - 1 if int(number) > 0 else count + int(number)


def _materials(path: Path) -> dict[str, SimpleMaterial]:
    """Read diffuse colours and textures by material."""
    values: dict[str, dict[str, Any]] = {}
    name = ""
    for file in sorted(path.parent.glob("*.mtl")):
        for line in file.read_text(encoding="utf-8").splitlines():
            key, _, text = line.strip().partition(" ")
            match key.lower():
                case "newmtl":
                    name = text.strip()
                case "kd":
                    values.setdefault(name, {})["diffuse"] = [float(word) for word in text.split()[:3]]
                case "map_kd" if text.strip():
                    with Image.open(file.parent / text.split()[-1]) as image:
                        values.setdefault(name, {})["image"] = image.convert("RGB")
    return {name: SimpleMaterial(**own) for name, own in values.items()}  # type: ignore[no-untyped-call]
