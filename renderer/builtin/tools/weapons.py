"""Built-in firearms: pistol and rifle."""

import numpy as np

from ..kit import Color, Part, box, cylinder, ellipsoid, loft, prism, tube
from ..registry import Dice, builtin

BLACK: Color = (0.012, 0.012, 0.014)
BONE: Color = (0.75, 0.7, 0.6)


def _guard(y: float, z: float, r: float, color: Color) -> list[Part]:
    """A trigger in its bow below (0, y, z)."""
    bow = tube(
        [(0, y + r, z), (0, y + r, z - r * 0.9), (0, y + r * 0.4, z - r * 1.4), (0, y - r * 0.8, z - r * 1.4)],
        0.018,
        color,
    )
    return [bow, tube([(0, y - r * 0.1, z), (0, y - r * 0.05, z - r * 0.5), (0, y + r * 0.15, z - r)], 0.017, BLACK)]


@builtin("03948459")
def pistol(dice: Dice) -> list[Part]:
    """Self-loading pistol, revolver or flintlock."""
    style, steel, frame = dice.integer(0, 2), dice.metal() if dice.chance(0.5) else (0.05, 0.05, 0.06), dice.dark()
    grip = (dice.wood, dice.paint, dice.dark)[dice.integer(0, 2)]()
    lean, drop = dice.uniform(0.06, 0.14), dice.uniform(0.42, 0.5)
    if style == 0:
        long, tall = dice.uniform(0.75, 0.95), dice.uniform(0.13, 0.16)
        front = long - 0.25
        slide = prism(
            [(-0.25, 0), (front, 0), (front, tall * 0.7), (front - 0.05, tall), (-0.22, tall)],
            0.12,
            (0, 0, 0),
            steel,
            "x",
        )
        rail = box((0.1, long * 0.8, 0.07), (0, front - long * 0.42, -0.03), frame)
        handle = prism([(-0.2, 0), (-0.2 - lean, -drop), (0.02 - lean, -drop), (0.04, 0)], 0.11, (0, 0, 0), frame, "x")
        plates = prism(
            [(-0.18, -0.06), (-0.18 - lean * 0.9, -drop * 0.92), (-lean * 0.9, -drop * 0.92), (0.015, -0.06)],
            0.135,
            (0, 0, 0),
            grip,
            "x",
        )
        parts = [slide, rail, handle, plates, box((0.1, 0.24, 0.035), (0, -0.09 - lean, -drop), steel)]
        parts += [box((0.13, 0.012, tall * 0.7), (0, -0.22 + 0.028 * k, tall * 0.45), BLACK) for k in range(5)]
        parts += [
            cylinder(0.04, 0.03, (0, front, tall * 0.6), BLACK, "y"),
            box((0.13, 0.12, tall * 0.35), (0, 0.08, tall * 0.68), BLACK),
        ]
        parts += [box((0.03, 0.04, 0.04), (0, y, tall + 0.01), BLACK) for y in (front - 0.08, -0.18)]
        if dice.chance(0.35):  # a silencer
            parts.append(cylinder(0.055, 0.34, (0, front + 0.16, tall * 0.6), BLACK, "y"))
        return parts + _guard(0.14, -0.05, 0.11, frame)
    if style == 1:
        barrel, r = dice.uniform(0.3, 0.6), dice.uniform(0.1, 0.12)
        parts = [
            cylinder(r, 0.24, (0, 0.1, 0.05), steel, "y"),
            box((0.09, 0.36, 0.045), (0, 0.08, 0.05 + r), steel),
            box((0.1, 0.44, 0.06), (0, 0.06, -0.05), steel),
        ]
        parts += [
            cylinder(0.03, 0.23, (r * np.cos(a), 0.14, 0.05 + r * np.sin(a)), BLACK, "y", sides=8)
            for a in np.radians(range(0, 360, 60))
        ]
        parts += [
            cylinder(0.045, barrel, (0, 0.22 + barrel / 2, 0.1), steel, "y", sides=12),
            cylinder(0.03, 0.02, (0, 0.22 + barrel, 0.1), BLACK, "y"),
        ]
        parts += [
            box((0.05, barrel * 0.85, 0.06), (0, 0.22 + barrel * 0.42, 0.04), frame),
            box((0.022, 0.08, 0.05), (0, 0.16 + barrel, 0.16), frame),
        ]
        parts += [
            box((0.09, 0.12, 0.24), (0, -0.09, 0.03), steel),
            box((0.035, 0.05, 0.13), (0, -0.16, 0.17), frame).turned("x", 30, (0, -0.16, 0.12)),
        ]
        shape = [
            (-0.16, 0.02),
            (-0.24, -0.12),
            (-0.24 - lean, -drop),
            (-0.06 - lean, -drop),
            (-0.08, -0.16),
            (-0.04, -0.05),
        ]
        return [*parts, prism(shape, 0.115, (0, 0, 0), grip, "x"), *_guard(0.04, -0.07, 0.11, steel)]
    barrel, brass, wood = dice.uniform(0.6, 0.8), (0.6, 0.36, 0.08), dice.wood()
    parts = [
        cylinder(0.05, barrel, (0, barrel / 2 - 0.1, 0.08), steel, "y", sides=12),
        cylinder(0.062, 0.05, (0, barrel - 0.1, 0.08), brass, "y", sides=12),
    ]
    parts += [
        cylinder(0.034, 0.06, (0, barrel - 0.1, 0.08), BLACK, "y"),
        box((0.1, barrel * 0.8, 0.09), (0, barrel * 0.36 - 0.1, 0.01), wood),
    ]
    stock = [(0, -0.02, 0.03), (0, -0.16, 0.0), (0, -0.28, -0.1), (0, -0.35, -0.24), (0, -0.37, -0.34)]
    parts += [tube(stock, 0.06, wood), ellipsoid((0.085, 0.085, 0.06), (0, -0.375, -0.37), brass)]
    parts += [
        box((0.03, 0.26, 0.1), (-0.06, -0.02, 0.05), brass),
        tube([(-0.08, -0.08, 0.08), (-0.08, -0.14, 0.2), (-0.08, -0.06, 0.22)], 0.024, steel),
    ]
    parts += [
        box((0.03, 0.05, 0.12), (-0.08, 0.06, 0.15), steel),
        cylinder(0.02, barrel * 0.6, (0, barrel * 0.45, -0.05), dice.wood(), "y", sides=8),
    ]
    return parts + _guard(0.0, -0.04, 0.1, brass)


@builtin("04090263")
def rifle(dice: Dice) -> list[Part]:
    """Hunting rifle, assault rifle or double-barrelled shotgun."""
    style, steel, wood = dice.integer(0, 2), (0.04, 0.04, 0.045) if dice.chance(0.6) else dice.metal(), dice.wood()
    barrel = dice.uniform(0.7, 1.0) if style != 1 else dice.uniform(0.4, 0.6)
    stock = wood if style != 1 or dice.chance(0.4) else dice.dark() if dice.chance(0.5) else dice.paint()
    twin = style == 2
    parts = []
    for x in (-0.032, 0.032) if twin else (0,):
        parts += [
            cylinder(0.03, barrel, (x, 0.2 + barrel / 2, 0.05), steel, "y", sides=12),
            cylinder(0.02, 0.02, (x, 0.2 + barrel, 0.05), BLACK, "y", sides=12),
        ]
    receiver = steel if style < 2 or dice.chance(0.4) else (0.5, 0.45, 0.35)
    parts += [
        box((0.1, 0.42, 0.13), (0, 0.02, 0.03), receiver),
        box((0.022, 0.03, 0.05), (0, 0.16 + barrel, 0.1), BLACK),
    ]
    fore = barrel * dice.uniform(0.4, 0.6)
    parts.append(
        prism([(0.2, -0.06), (0.2 + fore, -0.02), (0.2 + fore, 0.04), (0.2, 0.05)], 0.09, (0, 0, 0), stock, "x")
    )
    butt = -0.2 - dice.uniform(0.4, 0.5)
    if style == 1:
        parts += [
            prism(
                [(-0.19, 0.0), (-0.19, 0.08), (butt, 0.08), (butt, -0.14), (butt + 0.1, -0.12), (butt + 0.2, -0.01)],
                0.07,
                (0, 0, 0),
                stock,
                "x",
            )
        ]
        parts += [prism([(-0.17, -0.03), (-0.25, -0.27), (-0.15, -0.29), (-0.05, -0.03)], 0.07, (0, 0, 0), stock, "x")]
        bend = dice.uniform(0.02, 0.14)  # the magazine is more or less curved
        rings = [
            [
                (x, 0.1 + y + bend * t * t, -0.03 - 0.32 * t)
                for x, y in ((-0.03, -0.06), (0.03, -0.06), (0.03, 0.06), (-0.03, 0.06))
            ]
            for t in np.linspace(0, 1, 5)
        ]
        parts += [
            loft(rings, dice.metal() if dice.chance(0.4) else BLACK),
            box((0.03, 0.03, 0.14), (0, 0.1 + barrel, 0.09), BLACK),
        ]
        parts += [
            cylinder(0.022, fore, (0, 0.2 + fore / 2, 0.11), steel, "y", sides=10),
            cylinder(0.042, 0.09, (0, 0.2 + barrel, 0.05), BLACK, "y", sides=12),
        ]
        if dice.chance(0.4):
            parts += [tube([(0, -0.1, 0.09), (0, -0.06, 0.2), (0, 0.1, 0.2), (0, 0.14, 0.09)], 0.025, BLACK)]
    else:
        shape = [
            (-0.17, 0.08),
            (-0.3, 0.04),
            (butt, 0.04),
            (butt, -0.2),
            (butt + 0.12, -0.17),
            (-0.32, -0.1),
            (-0.15, -0.04),
        ]
        parts += [prism(shape, 0.075, (0, 0, 0), stock, "x"), box((0.08, 0.04, 0.25), (0, butt, -0.08), BLACK)]
        if not twin:  # bolt and its handle, at the right
            parts += [
                tube([(-0.03, -0.08, 0.07), (-0.12, -0.1, 0.04)], 0.02, dice.metal()),
                ellipsoid((0.03, 0.03, 0.03), (-0.13, -0.1, 0.035), dice.metal()),
            ]
    if style != 2 and dice.chance(0.7):  # telescopic sight
        z = 0.24 if style == 1 else 0.19
        tint = dice.paint()
        parts += [
            cylinder(0.036, 0.4, (0, 0.02, z), BLACK, "y"),
            *(cylinder(0.055, 0.1, (0, y, z), BLACK, "y") for y in (-0.18, 0.24)),
        ]
        parts += [
            cylinder(0.045, 0.11, (0, 0.24, z), tint, "y"),
            *(box((0.04, 0.05, z - 0.06), (0, y, z / 2 + 0.03), BLACK) for y in (-0.06, 0.1)),
        ]
    if dice.chance(0.4):
        sling = [(0.05, butt + 0.1, -0.1), (0.06, butt + 0.35, -0.3), (0.06, 0, -0.36), (0.05, 0.15 + fore, -0.02)]
        parts.append(tube(sling, 0.022, dice.wood() if dice.chance(0.5) else dice.paint()))
    # thicker than a real rifle, which would cover few pixels
    return [p.scaled((1.35, 1, 1.25)) for p in (*parts, *_guard(-0.04, -0.03, 0.09, steel))]
