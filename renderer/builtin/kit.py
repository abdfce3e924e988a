"""Coloured solids, the parts of built-in objects.

Frame: z is up, +y is the object's front (it faces the camera at rotation zero), +x is its left-to-right axis.
Sizes are in arbitrary units; `builtin.build` normalises the finished object to a bounding box with a diagonal of 1.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import trimesh
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]
Vec = Sequence[float] | Array  # (3,) unless a docstring says (2,)
Points = Sequence[Vec] | Array  # (n, 2) or (n, 3)
Color = tuple[float, float, float]  # linear RGB in [0, 1]


@dataclass(frozen=True)
class Part:
    """One solid of a single colour.

    vertices : (n, 3) float64, object frame
    faces : (m, 3) int64, counter-clockwise seen from outside
    color : linear RGB in [0, 1]
    """

    vertices: Array
    faces: NDArray[np.int64]
    color: Color

    def moved(self, offset: Vec) -> "Part":
        """The part shifted by `offset` (3,)."""
        return Part(self.vertices + np.asarray(offset, float), self.faces, self.color)

    def turned(self, axis: str, degrees: float, about: Vec = (0, 0, 0)) -> "Part":
        """The part turned counter-clockwise about the axis "x", "y" or "z" through the point `about`."""
        a, b = {"x": (1, 2), "y": (2, 0), "z": (0, 1)}[axis]
        c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
        turn = np.eye(3)
        turn[a, a], turn[a, b], turn[b, a], turn[b, b] = c, -s, s, c
        pivot = np.asarray(about, float)
        return Part((self.vertices - pivot) @ turn.T + pivot, self.faces, self.color)

    def mirrored(self, axis: str = "x") -> "Part":
        """The mirror image through the plane at 0 of `axis`; faces keep pointing outwards."""
        vertices = self.vertices.copy()
        vertices[:, "xyz".index(axis)] *= -1
        return Part(vertices, self.faces[:, ::-1], self.color)

    def scaled(self, factors: Vec, about: Vec = (0, 0, 0)) -> "Part":
        """The part stretched by positive `factors` (3,) about a point."""
        pivot = np.asarray(about, float)
        return Part((self.vertices - pivot) * np.asarray(factors, float) + pivot, self.faces, self.color)


def pair(part: Part) -> list[Part]:
    """A part and its mirror image through the plane x = 0."""
    return [part, part.mirrored()]


def joined(parts: Sequence[Part]) -> tuple[Array, NDArray[np.int64]]:
    """Return the vertices (n, 3) and faces (m, 3) of several parts as one mesh."""
    starts = np.cumsum([0, *(len(part.vertices) for part in parts)])
    faces = [part.faces + start for part, start in zip(parts, starts, strict=False)]
    return np.concatenate([part.vertices for part in parts]), np.concatenate(faces)


def _part(mesh: trimesh.Trimesh, at: Vec, color: Color) -> Part:
    return Part(np.asarray(mesh.vertices, float) + np.asarray(at, float), np.asarray(mesh.faces, np.int64), color)


_ALONG = {"x": ("y", 90.0), "y": ("x", -90.0)}  # rotations that turn a solid made along z to the x or y axis


def _laid(part: Part, axis: str, at: Vec) -> Part:
    return (part.turned(*_ALONG[axis]) if axis in _ALONG else part).moved(at)


def box(size: Vec, at: Vec, color: Color) -> Part:
    """A box of edge lengths `size` (x, y, z) centred at `at`."""
    return _part(trimesh.creation.box(extents=np.asarray(size, float)), at, color)


def cylinder(radius: float, length: float, at: Vec, color: Color, axis: str = "z", sides: int = 24) -> Part:
    """A closed cylinder centred at `at`, its axis along "x", "y" or "z"."""
    return frustum(radius, radius, length, at, color, axis, sides)


def frustum(bottom: float, top: float, length: float, at: Vec, color: Color, axis: str = "z", sides: int = 24) -> Part:
    """A truncated cone centred at `at`, from radius `bottom` at the axis's negative end to `top` (0: a cone)."""
    return revolve(
        [(0, -length / 2), (bottom, -length / 2), (top, length / 2), (0, length / 2)], at, color, axis, sides
    )


def ellipsoid(radii: Vec, at: Vec, color: Color) -> Part:
    """An ellipsoid with semi-axes `radii` (x, y, z) centred at `at`."""
    return _part(trimesh.creation.icosphere(subdivisions=2), (0, 0, 0), color).scaled(radii).moved(at)


def torus(major: float, minor: float, at: Vec, color: Color, axis: str = "z", sides: int = 24) -> Part:
    """A ring of radius `major` and tube radius `minor` around `axis`."""
    mesh = trimesh.creation.torus(major, minor, major_sections=sides, minor_sections=max(8, sides // 3))
    return _laid(_part(mesh, (0, 0, 0), color), axis, at)


def revolve(profile: Points, at: Vec, color: Color, axis: str = "z", sides: int = 24) -> Part:
    """The solid swept by a profile of (radius, height) points turned round `axis`.

    The profile runs from the bottom to the top along the outside; that of an open vessel then runs down its inside.
    Start and end at radius 0 for a closed solid.
    """
    points = np.asarray(profile, float)
    # a point of the profile on the axis gives one vertex, any other point a ring of `sides` vertices
    angles = np.linspace(0, 2 * np.pi, sides, endpoint=False)
    vertices: list[Array] = []
    rings: list[NDArray[np.int64]] = []
    for radius, height in points:
        count = 1 if radius <= 1e-9 else sides
        rings.append(np.full(sides, len(vertices)) if count == 1 else len(vertices) + np.arange(sides))
        ring = zip(np.cos(angles[:count]), np.sin(angles[:count]), strict=True)
        vertices += [np.array([radius * c, radius * s, height]) for c, s in ring]
    faces = []
    for low, high in pairwise(rings):
        for i in range(sides):
            j = (i + 1) % sides
            faces += [(low[i], low[j], high[j]), (low[i], high[j], high[i])]
    triangles = np.array([f for f in faces if len(set(f)) == 3], np.int64)
    return _laid(Part(np.array(vertices), triangles, color), axis, at)


def prism(outline: Points, length: float, at: Vec, color: Color, axis: str = "z") -> Part:
    """A prism over a counter-clockwise outline (n, 2) that is star-shaped about its mean point, centred at `at`.

    The coordinates of the outline are (x, y) for axis "z", (y, z) for "x" and (x, z) for "y".
    """
    points = np.asarray(outline, float)
    n = len(points)
    flat = np.vstack([points, points.mean(0)])
    rim = np.arange(n)
    nxt = (rim + 1) % n
    top = [(i, j, n) for i, j in zip(rim, nxt, strict=True)]
    lower = n + 1
    bottom = [(j + lower, i + lower, n + lower) for i, j in zip(rim, nxt, strict=True)]
    sides = [f for i, j in zip(rim, nxt, strict=True) for f in ((i + lower, j + lower, j), (i + lower, j, i))]
    faces = np.array(top + bottom + sides, np.int64)
    up, down = np.full(n + 1, length / 2), np.full(n + 1, -length / 2)
    u, v = np.tile(flat[:, 0], 2), np.tile(flat[:, 1], 2)
    w = np.concatenate([up, down])
    if axis == "z":
        vertices = np.column_stack([u, v, w])
    elif axis == "x":
        vertices = np.column_stack([w, u, v])
    else:  # seen from +y, (x, z) is left-handed, so the faces are reversed
        vertices, faces = np.column_stack([u, w, v]), faces[:, ::-1]
    return Part(vertices, faces, color).moved(at)


def cushion(size: Vec, at: Vec, color: Color, power: float = 4, *, cuts: int = 3) -> Part:
    """A soft-edged box of edge lengths `size` centred at `at`: power 2 is an ellipsoid, 4 upholstery, 10 almost a box.

    Each of its six sides is cut in two both ways `cuts` times: 768 triangles for 3, 192 for 2.
    """
    mesh = trimesh.creation.box()
    for _ in range(cuts):
        mesh = mesh.subdivide()
    points = np.asarray(mesh.vertices, float)
    points = points / np.sum(np.abs(points) ** power, axis=1, keepdims=True) ** (1 / power) / 2
    return Part(points * np.asarray(size, float), np.asarray(mesh.faces, np.int64), color).moved(at)


def sheet(grid: Array, thickness: float, color: Color) -> Part:
    """A bent plate of constant `thickness` about a grid of points (n, m, 3), n, m >= 2: leaves, visors, cloth."""
    points = np.asarray(grid, float)
    n, m = points.shape[:2]
    normals = np.cross(np.gradient(points, axis=0), np.gradient(points, axis=1))
    half = normals / np.linalg.norm(normals, axis=2, keepdims=True) * thickness / 2
    index = np.arange(n * m).reshape(n, m)
    a, b, c, d = (k.ravel() for k in (index[:-1, :-1], index[1:, :-1], index[1:, 1:], index[:-1, 1:]))
    upper = np.vstack([np.column_stack([a, b, c]), np.column_stack([a, c, d])])
    rim = np.concatenate([index[:-1, 0], index[-1, :-1], index[:0:-1, -1], index[0, :0:-1]])
    nxt, low = np.roll(rim, -1), n * m
    walls = np.vstack([np.column_stack([rim + low, nxt + low, nxt]), np.column_stack([rim + low, nxt, rim])])
    vertices = np.vstack([(points + half).reshape(-1, 3), (points - half).reshape(-1, 3)])
    return Part(vertices, np.vstack([upper, upper[:, ::-1] + low, walls]), color)


def tube(path: Points, radius: float, color: Color, sides: int = 12) -> Part:
    """A round rod of `radius` along a path (n, 3) of two points or more: handles, pipes, legs."""
    points = np.asarray(path, float)
    tangents = np.gradient(points, axis=0)
    tangents /= np.linalg.norm(tangents, axis=1, keepdims=True)
    # one normal is carried along the path, so that the rod does not twist
    normal = np.cross(tangents[0], np.eye(3)[np.argmin(np.abs(tangents[0]))])
    angles = np.linspace(0, 2 * np.pi, sides, endpoint=False)[:, None]
    rings = []
    for point, tangent in zip(points, tangents, strict=True):
        normal = normal - tangent * (normal @ tangent)
        normal /= np.linalg.norm(normal)
        rings.append(point + radius * (np.cos(angles) * normal + np.sin(angles) * np.cross(tangent, normal)))
    vertices = np.vstack([*rings, points[:1], points[-1:]])
    last, caps = (len(points) - 1) * sides, len(points) * sides
    faces = []
    for k in range(0, last, sides):
        for i in range(sides):
            j = (i + 1) % sides
            faces += [(k + i, k + j, k + sides + j), (k + i, k + sides + j, k + sides + i)]
    for i in range(sides):
        j = (i + 1) % sides
        faces += [(caps, j, i), (caps + 1, last + i, last + j)]
    return Part(vertices, np.array(faces, np.int64), color)


def arc(center: Vec, radius: float, start: float, stop: float, plane: str = "xz", points: int = 12) -> Array:
    """Points (n, 3) on a circle in `plane` ("xy", "xz" or "yz") from angle `start` to `stop` in degrees, for `tube`."""
    angles = np.radians(np.linspace(start, stop, points))
    path = np.tile(np.asarray(center, float), (points, 1))
    path[:, "xyz".index(plane[0])] += radius * np.cos(angles)
    path[:, "xyz".index(plane[1])] += radius * np.sin(angles)
    return path


def loft(rings: Sequence[Points], color: Color) -> Part:
    """The solid through two or more rings (k, n, 3) of n points each, closed flat at both ends: hulls, bodies, blades.

    All rings must run in the same direction; either direction is allowed.
    """
    points = np.asarray(rings, float)
    count, n = points.shape[:2]
    grid = np.arange(count * n).reshape(count, n)
    after = np.roll(grid, -1, axis=1)
    low, low_next, high, high_next = (a.ravel() for a in (grid[:-1], after[:-1], grid[1:], after[1:]))
    centre = np.full(n, count * n)
    quads = np.vstack([np.column_stack([low, low_next, high_next]), np.column_stack([low, high_next, high])])
    caps = np.vstack([np.column_stack([after[0], grid[0], centre]), np.column_stack([grid[-1], after[-1], centre + 1])])
    vertices = np.vstack([points.reshape(-1, 3), points[0].mean(0), points[-1].mean(0)])
    faces = np.vstack([quads, caps])
    corner = vertices[faces] - vertices.mean(0)
    inside_out = np.linalg.det(corner).sum() < 0
    return Part(vertices, faces[:, ::-1] if inside_out else faces, color)


def taper(base: Vec, top: Vec, height: float, at: Vec, color: Color, *, lean: Vec = (0, 0)) -> Part:
    """A box with a `base` (x, y) and another `top` (x, y) shifted by `lean`; its base is centred at `at`."""
    corners = np.array([(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)])
    levels = [(corners * base, 0.0), (corners * top + np.asarray(lean, float), height)]
    return loft([np.column_stack([c, np.full(4, z)]) for c, z in levels], color).moved(at)


def rounded(width: float, height: float, radius: float, points: int = 4) -> Array:
    """The counter-clockwise outline (n, 2) of a rectangle with round corners, centred at the origin, for `prism`."""
    x, y = width / 2 - radius, height / 2 - radius
    corners = [(x, y, 0), (-x, y, 90), (-x, -y, 180), (x, -y, 270)]
    return np.vstack([arc((u, v), radius, start, start + 90, "xy", points) for u, v, start in corners])
