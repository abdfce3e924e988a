"""Writes OBJ files that resemble most of ShapeNetCore: triangles with shared vertices, doubled surfaces.

    python tests/helpers/shapenet_real.py FOLDER      # FOLDER/NAME/models/model_normalized.obj, one folder an object
    python tests/helpers/shapenet_real.py FOLDER --once   # without second faces, for renderers that keep them

Nearly every model of ShapeNetCore holds each triangle twice: the second has the same vertices in reverse order and the
opposite normals. There are line elements among the faces, sheets meet in a T, and the two sides of a surface may have
different materials. `shapenet_like.py` writes simpler files: no shared vertex, no doubled face.

    plain      a washing machine, each face once
    doubled    the same, each face twice
    joined     sheets in pairs of sides that meet along edges with up to eight faces, flat and bent
    clear      doubled glass around a solid, and panes with another material on their second side
    textured   textures on doubled faces, and two materials over one surface
    veiled     panels whose material has an opacity map and a texture, the texture itself twice, or the map alone
"""

import sys
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image
from shapenet_like import BLACK, CHECKS, STRIPES, WHITE, Writer, paint, textures

VEIL = "map_d ../images/texture2.jpg\n"
NAMES = ("plain", "doubled", "joined", "clear", "textured", "veiled")


@dataclass
class RealWriter(Writer):
    """Writes each polygon as triangles with shared vertices; a doubled group's triangles come a second time, reversed.

    doubled : True if the next faces get twins; once : True if all twins are left out
    twin : material of the twins, which then form a separate group at the end; None: each follows its face
    """

    doubled: bool = True
    once: bool = False
    twin: str | None = None
    numbers: dict[tuple[str, tuple[float, ...]], int] = field(default_factory=dict)
    twins: dict[str, list[str]] = field(default_factory=dict)

    def face(self, points, corners, normals) -> None:
        rows = [
            (self._number("v", p, self.points), self._number("vt", c, self.corners), tuple(np.asarray(n, float)))
            for p, c, n in zip(points, corners, normals, strict=True)
        ]
        for i in range(1, len(rows) - 1):
            triangle = [rows[0], rows[i], rows[i + 1]]
            if len({row[0] for row in triangle}) < 3:
                continue  # the tip of a lathe
            self.lines.append(self._statement(triangle, 1))
            if self.doubled and not self.once:
                lines = self.lines if self.twin is None else self.twins.setdefault(self.twin, [])
                lines.append(self._statement(triangle[::-1], -1))
        self.lines.append(f"l {rows[0][0]} {rows[1][0]}")

    def _statement(self, triangle, sign: int) -> str:
        normals = [self._number("vn", sign * np.array(row[2]) + 0.0, self.normals) for row in triangle]
        return "f " + " ".join(f"{v}/{t}/{n}" for (v, t, _), n in zip(triangle, normals, strict=True))

    def _number(self, kind: str, values, store) -> int:
        """Return the number of a vertex, texture corner or normal in the file; equal values share a number."""
        key = (kind, tuple(round(float(value), 6) for value in values))
        if key not in self.numbers:
            store.append(values)
            self.numbers[key] = len(store)
        return self.numbers[key]

    def save(self, folder: Path) -> Path:
        for material, lines in self.twins.items():
            self.groups += 1
            self.lines += [f"g mesh{self.groups}", f"usemtl {material}", *lines]
        return super().save(folder)

    def sheet(self, start, along, across, normal, bend: float = 0.0, pieces: int = 1) -> None:
        """Add a rectangle in strips along `along`, bent by `bend` along its normal, with the normals of the curve."""
        start, along, across, normal = (np.asarray(v, float) for v in (start, along, across, normal))
        steps = np.linspace(0, 1, pieces + 1)
        rows = [start + s * along + bend * np.sin(np.pi * s) * normal for s in steps]
        slopes = [bend * np.pi * np.cos(np.pi * s) / np.linalg.norm(along) for s in steps]
        normals = [normal - slope * along / np.linalg.norm(along) for slope in slopes]
        normals = [n / np.linalg.norm(n) for n in normals]
        for i in range(pieces):
            points = [rows[i], rows[i + 1], rows[i + 1] + across, rows[i] + across]
            uv = [(steps[i], 0), (steps[i + 1], 0), (steps[i + 1], 1), (steps[i], 1)]
            turned = np.cross(along, across) @ normal < 0
            order = slice(None, None, -1) if turned else slice(None)
            self.face(points[order], uv[order], [normals[i], normals[i + 1], normals[i + 1], normals[i]][order])


def machine(writer: RealWriter) -> None:
    """Add a washing machine: boxes, a round door, a smooth drum."""
    writer.group("case", paint(WHITE, 0.3, 20))
    writer.box((-0.5, -0.6, -0.5), (0.5, 0.6, 0.5))
    writer.group("panel", paint((0.25, 0.3, 0.4), 0.5, 60))
    writer.box((-0.5, 0.6, -0.5), (0.5, 0.75, 0.5))
    writer.group("knob", paint((0.8, 0.2, 0.1), 0.6, 100))
    for x in (-0.35, -0.2, 0.3):
        writer.lathe([(0.001, 0.86), (0.06, 0.85), (0.07, 0.75)], (x, 0, 0.3), 24)
    writer.group("door", paint(BLACK, 0.7, 200))
    writer.lathe([(0.3, 0.75), (0.32, 0.8), (0.2, 0.87), (0.001, 0.9)], (0.1, 0, -0.12), 32)
    writer.group("foot", paint((0.3, 0.3, 0.3), 0.1, 5))
    for x, z in ((-0.4, -0.4), (0.4, -0.4), (-0.4, 0.4), (0.4, 0.4)):
        writer.lathe([(0.001, -0.7), (0.07, -0.7), (0.05, -0.6)], (x, 0, z), 16)


def rack(writer: RealWriter) -> None:
    """Add sheets that meet in a T and crosswise; the first half has its faces once, the second twice."""
    writer.doubled = False
    writer.group("wood", paint((0.55, 0.35, 0.15), 0.2, 10))
    for x in (-0.6, 0.0, 0.6):  # uprights in storeys, so that shelves meet them at vertices of both
        for y in (-0.6, -0.2, 0.2):
            writer.sheet((x, y, -0.3), (0, 0.4, 0), (0, 0, 0.6), (1, 0, 0))
    writer.group("shelf", paint((0.2, 0.45, 0.5), 0.4, 40))
    for x in (-0.6, 0.0):
        for y in (-0.6, -0.2, 0.2, 0.6):
            writer.sheet((x, y, -0.3), (0.6, 0, 0), (0, 0, 0.6), (0, 1, 0), 0.12, 8)
    writer.doubled = True
    writer.group("fin", paint((0.8, 0.65, 0.2), 0.5, 60))
    for x in (-0.6, 0.0, 0.6):  # fins that bend away from the front edges of the uprights
        for y in (-0.6, -0.2, 0.2):
            writer.sheet((x, y, 0.3), (0, 0, 0.4), (0, 0.4, 0), (1, 0, 0), 0.1, 6)


def tank(writer: RealWriter) -> None:
    """Add glass around a solid, and panes that are red on their first side and blue on their second."""
    writer.group("stand", paint((0.5, 0.5, 0.55), 0.4, 30))
    writer.box((-0.5, -0.5, -0.5), (0.5, -0.4, 0.5))
    writer.group("core", paint((0.9, 0.55, 0.1), 0.3, 20))
    writer.lathe([(0.001, -0.38), (0.15, -0.38), (0.22, 0.0), (0.12, 0.3), (0.001, 0.32)], (-0.1, 0, 0), 32)
    writer.group("glass", paint((0.6, 0.8, 0.85), 0.8, 250, "d 0.3\nNi 1.0\n"))
    writer.lathe([(0.36, -0.4), (0.4, 0.1), (0.3, 0.5)], (-0.1, 0, 0), 40)
    writer.materials["back"] = paint((0.1, 0.15, 0.8), 0.3, 20)
    writer.group("front", paint((0.8, 0.1, 0.1), 0.3, 20))
    writer.twin = "back"
    writer.sheet((0.35, -0.4, -0.45), (0, 0.9, 0), (0, 0, 0.4), (1, 0, 0), 0.05, 6)
    writer.materials["haze"] = paint((0.1, 0.7, 0.2), 0.3, 20, "d 0.4\n")
    writer.group("tint", paint((0.9, 0.9, 0.2), 0.3, 20, "d 0.6\n"))
    writer.twin = "haze"
    writer.sheet((0.35, -0.4, 0.05), (0, 0.9, 0), (0, 0, 0.4), (1, 0, 0), 0.05, 6)


def chest(writer: RealWriter) -> None:
    """Add textured boxes, and a lid whose surface exists once in paint and once, reversed, in a texture."""
    writer.group("body", paint((0.8, 0.8, 0.8), 0.3, 20, STRIPES))
    writer.box((-0.7, -0.4, -0.4), (0.7, 0.2, 0.4))
    writer.group("band", paint((1, 1, 1), 0.6, 80, CHECKS))
    writer.box((-0.5, -0.42, -0.42), (-0.35, 0.22, 0.42))
    writer.box((0.35, -0.42, -0.42), (0.5, 0.22, 0.42))
    writer.materials["lining"] = paint((1, 1, 1), 0.2, 10, CHECKS)
    writer.group("lid", paint((0.3, 0.12, 0.05), 0.5, 60))
    writer.twin = "lining"
    writer.sheet((-0.7, 0.2, -0.4), (0, 0, 0.8), (1.4, 0, 0), (0, 1, 0), 0.25, 12)
    writer.twin = None
    writer.group("knob", paint((0.9, 0.7, 0.2), 0.9, 400))
    writer.lathe([(0.001, 0.62), (0.08, 0.58), (0.06, 0.42)], (0, 0, 0), 24)


def screen(writer: RealWriter) -> None:
    """Add a folding screen: ShapeNet's opacity maps are white where nothing is, except for a panel with a map alone."""
    writer.group("frame", paint((0.5, 0.3, 0.15), 0.3, 20))
    writer.box((-0.75, -0.6, -0.1), (0.75, -0.5, 0.1))
    for k, maps in enumerate((STRIPES + VEIL, CHECKS + "map_d ../images/texture1.png\n", VEIL)):
        writer.group(f"panel_{k}", paint((0.8, 0.75, 0.6), 0.2, 10, maps))
        writer.sheet((-0.7 + 0.5 * k, -0.5, 0), (0, 1.1, 0), (0.4, 0, 0.15), (0.35, 0, -0.94), 0.08, 6)


def veil(folder: Path) -> None:
    """Write the opacity map of `screen`, grey and without alpha: dark bars, bright ground, a square between."""
    levels = np.full((64, 64), 235, np.uint8)
    levels[:, ::16] = levels[:, 1::16] = levels[::16] = levels[1::16] = 10
    levels[20:44, 20:44] = 120
    Image.fromarray(levels).save(folder / "images" / "texture2.jpg", quality=95)


def write(root: Path, name: str, once: bool = False) -> Path:
    """Write one of NAMES under root/NAME; return its OBJ file. `once`: no face is doubled."""
    writer = RealWriter(doubled=name != "plain", once=once)
    {"plain": machine, "doubled": machine, "joined": rack, "clear": tank, "textured": chest, "veiled": screen}[name](
        writer
    )
    textures(root / name)
    veil(root / name)
    return writer.save(root / name)


if __name__ == "__main__":
    for each in NAMES:
        print(write(Path(sys.argv[1]), each, "--once" in sys.argv[2:]))  # noqa: T201
