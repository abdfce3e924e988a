"""Writes OBJ files with ShapeNet's features: groups, no objects, normals, many materials, separate textures, glass.

    python tests/helpers/shapenet_like.py FOLDER      # FOLDER/NAME/models/model_normalized.obj, one folder an object

Sizes and proportions follow from the name alone. Boxes and solids of revolution, normalised to a diagonal of 1.
"""

import sys
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

NAMES = ("cabinet", "vase", "bus", "lamp")


@dataclass
class Writer:
    """Collects faces by material; positions, texture corners and normals are written in one list each."""

    lines: list[str] = field(default_factory=list)
    points: list[np.ndarray] = field(default_factory=list)
    corners: list[tuple[float, float]] = field(default_factory=list)
    normals: list[np.ndarray] = field(default_factory=list)
    materials: dict[str, str] = field(default_factory=dict)
    groups: int = 0

    def group(self, material: str, statements: str) -> None:
        """Start a group of faces; `statements` is the material's text in the MTL file."""
        self.materials[material] = statements
        self.groups += 1
        self.lines += [f"g mesh{self.groups}", f"usemtl {material}"]

    def face(self, points, corners, normals) -> None:
        """Add one polygon from (n, 3) points, (n, 2) texture corners and (n, 3) normals."""
        start = len(self.points) + 1
        self.points += list(points)
        self.corners += list(corners)
        self.normals += list(normals)
        self.lines.append("f " + " ".join(f"{i}/{i}/{i}" for i in range(start, start + len(points))))

    def box(self, low, high) -> None:
        """Add a box of six flat faces, each showing the whole texture."""
        low, high = np.asarray(low, float), np.asarray(high, float)
        for axis in range(3):
            for side in (0, 1):
                u, v = (axis + 1) % 3, (axis + 2) % 3
                square = [(0, 0), (1, 0), (1, 1), (0, 1)]
                points = np.empty((4, 3))
                points[:, axis] = (low, high)[side][axis]
                for row, (s, t) in zip(points, square, strict=True):
                    row[u], row[v] = low[u] + s * (high - low)[u], low[v] + t * (high - low)[v]
                normal = np.eye(3)[axis] * (2 * side - 1)
                order = slice(None) if side else slice(None, None, -1)
                self.face(points[order], square[order], [normal] * 4)

    def lathe(self, profile, at=(0, 0, 0), around: int = 48) -> None:
        """Add a solid of revolution about y with smooth normals, from (n, 2) radius and height."""
        profile = np.asarray(profile, float)
        slope = np.gradient(profile, axis=0)
        angles = np.linspace(0, 2 * np.pi, around + 1)
        ring = np.stack([np.cos(angles), np.zeros_like(angles), np.sin(angles)], 1)
        points = profile[:, None, :1] * ring + profile[:, None, 1:] * [0, 1, 0] + np.asarray(at)
        normals = slope[:, None, 1:] * ring - slope[:, None, :1] * [0, 1, 0]
        normals /= np.linalg.norm(normals, axis=-1, keepdims=True) + 1e-12
        for i in range(len(profile) - 1):
            for j in range(around):
                cells = [(i, j), (i + 1, j), (i + 1, j + 1), (i, j + 1)]
                uv = [(4 * b / around, a / (len(profile) - 1)) for a, b in cells]
                self.face([points[c] for c in cells], uv, [normals[c] for c in cells])

    def save(self, folder: Path) -> Path:
        """Write models/model_normalized.obj and .mtl, scaled to a diagonal of 1 and left off centre."""
        models = folder / "models"
        models.mkdir(parents=True, exist_ok=True)
        points = np.array(self.points)
        points = points / np.linalg.norm(points.max(0) - points.min(0)) + [0.03, -0.02, 0.01]
        text = ["mtllib model_normalized.mtl"]
        text += ["v {:.6f} {:.6f} {:.6f}".format(*p) for p in points]
        text += ["vt {:.6f} {:.6f}".format(*c) for c in self.corners]
        text += ["vn {:.6f} {:.6f} {:.6f}".format(*n) for n in self.normals]
        path = models / "model_normalized.obj"
        path.write_text("\n".join([*text, *self.lines, "l 1 2"]) + "\n")
        mtl = "".join(f"newmtl {name}\n{statements}\n" for name, statements in self.materials.items())
        (models / "model_normalized.mtl").write_text(mtl)
        return path


def paint(color, specular: float = 0.4, exponent: float = 10, more: str = "") -> str:
    """Return a material as ShapeNet's converter writes it."""
    kd, ks = " ".join(f"{c:.4f}" for c in color), " ".join([f"{specular:.2f}"] * 3)
    return f"Kd {kd}\nKa 0 0 0\nKs {ks}\nKe 0 0 0\nNs {exponent:g}\nillum 2\n{more}"


def textures(folder: Path) -> None:
    """Write a JPEG of stripes and a PNG of checks to FOLDER/images."""
    images = folder / "images"
    images.mkdir(parents=True, exist_ok=True)
    stripes, checks = Image.new("RGB", (128, 128), (170, 60, 40)), Image.new("RGB", (64, 64), (230, 225, 200))
    for i in range(8):
        ImageDraw.Draw(stripes).rectangle([0, 16 * i, 127, 16 * i + 6], fill=(240, 200 - 20 * i, 40 + 20 * i))
        for j in range(i % 2, 8, 2):
            ImageDraw.Draw(checks).rectangle([8 * i, 8 * j, 8 * i + 7, 8 * j + 7], fill=(30, 60, 120))
    stripes.save(images / "texture0.jpg", quality=95)
    checks.save(images / "texture1.png")


STRIPES, CHECKS = "map_Kd ../images/texture0.jpg\n", "map_Kd ../images/texture1.png\n"
BLACK, WHITE = (0.02, 0.02, 0.02), (0.9, 0.9, 0.88)


def write(root: Path, name: str) -> Path:
    """Write one of NAMES under root/NAME; return its OBJ file."""
    writer, rng = Writer(), np.random.default_rng(NAMES.index(name))
    if name == "cabinet":  # 41 materials
        writer.group("frame", paint((0.35, 0.2, 0.1), 0.1, 5))
        writer.box((-0.6, -0.8, -0.3), (0.6, 0.8, 0.25))
        for k in range(40):
            x, y = -0.55 + 0.22 * (k % 5), -0.75 + 0.19 * (k // 5)
            color = rng.uniform(0.03, 0.95, 3)
            writer.group(f"drawer_{k}", paint(color, rng.uniform(0, 0.9), rng.choice([5, 60, 300])))
            writer.box((x, y, 0.25), (x + 0.2, y + 0.17, 0.29))
    elif name == "vase":
        heights = np.linspace(0, 1, 24)
        writer.group("clay", paint((1, 1, 1), 0.3, 30, STRIPES))
        writer.lathe(np.column_stack([0.28 + 0.12 * np.sin(5 * heights), heights]))
        writer.group("cover", paint((0.6, 0.8, 0.9), 0.8, 200, "d 0.35\nNi 1.0\n"))
        writer.lathe([(0.5, -0.02), (0.52, 0.5), (0.4, 1.1), (0.01, 1.2)])
    elif name == "bus":
        writer.group("body", paint((0.8, 0.8, 0.8), 0.5, 40, CHECKS))
        writer.box((-1, 0, -0.3), (1, 0.3, 0.3))
        writer.group("roof", paint((0.75, 0.05, 0.05), 0.6, 120))
        writer.box((-1, 0.62, -0.3), (1, 0.7, 0.3))
        for k in range(6):
            writer.group(f"window_{k}", paint((0.2, 0.3, 0.35), 0.9, 300, "d 0.3\n"))
            writer.box((-0.98 + 0.33 * k, 0.3, -0.29), (-0.7 + 0.33 * k, 0.62, 0.29))
        for k, (x, z) in enumerate([(-0.6, -0.3), (0.6, -0.3), (-0.6, 0.3), (0.6, 0.3)]):
            writer.group(f"wheel_{k}", paint(BLACK, 0.05, 2))
            writer.lathe([(0.01, -0.15), (0.18, -0.15), (0.18, 0.1), (0.01, 0.1)], (x, 0, z), 24)
    else:
        writer.group("shade", paint(WHITE, 0.0, 1, CHECKS + "d 0.8\n"))
        writer.lathe([(0.5, 0.9), (0.25, 1.5)])
        writer.group("pole", paint((0.9, 0.7, 0.2), 1.0, 500))
        writer.lathe([(0.03, 0), (0.03, 1.4)])
        writer.group("foot", paint(BLACK, 0.5, 100))
        writer.lathe([(0.35, 0), (0.33, 0.04), (0.03, 0.06)])
    textures(root / name)
    return writer.save(root / name)


if __name__ == "__main__":
    for each in NAMES:
        print(write(Path(sys.argv[1]), each))  # noqa: T201
