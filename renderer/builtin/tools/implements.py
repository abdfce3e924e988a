"""Built-in things held in the hands: guitar and knife."""

import numpy as np

from ..kit import Array, Color, Part, box, cylinder, ellipsoid, loft, prism, revolve, torus, tube
from ..registry import Dice, builtin

BLACK: Color = (0.012, 0.012, 0.014)
BONE: Color = (0.75, 0.7, 0.6)


def _outline(stations: list[tuple[float, float]]) -> Array:
    """A left-right symmetric outline (n, 2) from (height, half width) stations, bottom to top, smoothed."""
    heights, widths = np.array(stations).T
    fine = np.linspace(0, len(stations) - 1, 6 * (len(stations) - 1) + 1)
    steps = np.arange(len(stations))
    z, w = np.interp(fine, steps, heights), np.interp(fine, steps, widths)
    for _ in range(3):  # rounds the corners off
        z[1:-1], w[1:-1] = (z[:-2] + 2 * z[1:-1] + z[2:]) / 4, (w[:-2] + 2 * w[1:-1] + w[2:]) / 4
    return np.vstack([np.column_stack([w, z]), np.column_stack([-w, z])[::-1]])


@builtin("03467517")
def guitar(dice: Dice) -> list[Part]:
    """Acoustic, electric with horns, or arrow-shaped electric; stands on its end."""
    style, wood, paint, steel = dice.integer(0, 2), dice.wood(), dice.paint(), dice.metal()
    size, thick = dice.uniform(0.9, 1.1), (0.2, 0.09, 0.08)[style]
    neck = dice.uniform(0.8, 0.95)
    front = thick / 2
    if style == 0:
        shape = (
            _outline(
                [
                    (0, 0.1),
                    (0.02, 0.3),
                    (0.2, 0.37),
                    (0.36, 0.3),
                    (0.48, 0.23),
                    (0.62, 0.27),
                    (0.74, 0.24),
                    (0.78, 0.06),
                ]
            )
            * size
        )
        top, side = (wood, dice.wood()) if dice.chance(0.7) else (paint, dice.wood())
        parts = [
            prism(shape, thick, (0, 0, 0), side, "y"),
            prism(shape * (0.95, 0.97) + (0, 0.01), 0.03, (0, front, 0), top, "y"),
        ]
        hole = 0.52 * size
        parts += [
            cylinder(0.1, 0.05, (0, front, hole), BLACK, "y"),
            torus(0.11, 0.015, (0, front + 0.015, hole), dice.wood(), "y"),
        ]
        parts.append(box((0.26, 0.06, 0.045), (0, front + 0.01, 0.24 * size), BLACK))
        if dice.chance(0.6):
            parts.append(
                prism(
                    [(0.02, -0.14), (0.16, -0.12), (0.13, 0.06), (0.09, 0.02)],
                    0.04,
                    (-0.23, front, hole - 0.02),
                    BLACK,
                    "y",
                )
            )
        shoulder = 0.74 * size
    else:
        if style == 1:
            half = [
                (0.16, 0.0),
                (0.3, 0.07),
                (0.33, 0.2),
                (0.22, 0.36),
                (0.28, 0.52),
                (0.24, 0.66),
                (0.13, 0.56),
                (0.06, 0.5),
            ]
            other = [(-x * (0.94 if z > 0.4 else 1), z - (0.08 if z > 0.51 else 0)) for x, z in half]
            shape = np.array(half + other[::-1]) * size
            shoulder = 0.5 * size
        else:
            shape = (
                np.array(
                    [(0, 0.2), (0.3, -0.05), (0.42, 0.02), (0.1, 0.62), (-0.1, 0.62), (-0.42, 0.02), (-0.3, -0.05)]
                )
                * size
            )
            shoulder = 0.58 * size
        guard = dice.pale() if dice.chance(0.5) else BLACK
        parts = [
            prism(shape, thick, (0, 0, 0), paint, "y"),
            prism(shape * (0.62, 0.6) + (0.02, 0.13 * size), 0.02, (0, front, 0), guard, "y"),
        ]
        parts += [
            box((0.2, 0.06, 0.045), (0, front + 0.01, z * size), BLACK if guard != BLACK else steel)
            for z in (0.3, 0.4, 0.48)[: dice.integer(2, 3)]
        ]
        parts += [box((0.18, 0.07, 0.05), (0, front + 0.01, 0.2 * size), steel)]
        parts += [
            cylinder(0.03, 0.07, (-0.16 + 0.01 * k, front, (0.3 - 0.08 * k) * size), steel, "y", sides=12)
            for k in range(2)
        ]
    end = shoulder + neck
    parts += [
        box((0.085, 0.07, neck), (0, front + 0.015, shoulder + neck / 2 - 0.08), dice.wood()),
        box((0.075, 0.03, neck), (0, front + 0.045, shoulder + neck / 2 - 0.08), BLACK),
    ]
    parts += [
        box((0.076, 0.036, 0.014), (0, front + 0.045, end - 0.1 - neck * (1 - 0.94**k) * 1.35), steel)
        for k in range(1, 15)
    ]
    head = [
        (-0.05, -0.08),
        (0.05, -0.08),
        (0.085, 0.02),
        (0.07, 0.2),
        (-0.07, 0.2 if style == 0 else 0.12),
        (-0.085, 0.02),
    ]
    parts.append(
        prism(head, 0.05, (0, front, end), wood if style == 0 else paint, "y").turned("x", -6, (0, front, end))
    )
    parts += [
        cylinder(0.022, 0.06, (s * 0.11, front, end + 0.02 + 0.055 * k), steel, "x", sides=10)
        for s in (-1, 1)
        for k in range(3)
    ]
    bridge = (0.24 if style == 0 else 0.2) * size
    for x in np.linspace(-0.026, 0.026, 4):
        parts.append(
            tube([(x * 1.6, front + 0.06, bridge), (x, front + 0.072, end - 0.08)], 0.005, (0.8, 0.8, 0.75), sides=5)
        )
    return parts


def _blade(stations: list[tuple[float, float, float]], thick: float, color: Color) -> Part:
    """A blade along y lying flat: (y, edge x, back x) stations; thin at the edge."""
    return loft([[(e, y, 0), (b, y, -thick / 2), (b, y, thick / 2)] for y, e, b in stations], color)


@builtin("03624134")
def knife(dice: Dice) -> list[Part]:
    """Kitchen knife, cleaver, dagger or pocket knife; lies on its side, point forward."""
    style, steel, wide = dice.integer(0, 3), dice.metal(), dice.uniform(0.8, 1.2)
    grip = (dice.wood, dice.dark, dice.paint)[dice.integer(0, 2)]()
    long, hold = (
        (dice.uniform(0.55, 0.85), dice.uniform(0.42, 0.55), dice.uniform(0.45, 0.6), dice.uniform(0.38, 0.48))[style],
        dice.uniform(0.33, 0.42),
    )
    w, thick = (0.1, 0.2, 0.085, 0.08)[style] * wide, 0.03
    back = 0.045
    shapes = {
        0: [(0, back - w, back), (0.55, back - w, back), (0.8, back - w * 0.75, back * 0.9), (1, 0.012, back * 0.3)],
        1: [(0, back - w, back), (0.9, back - w * 1.1, back), (1, back - w * 1.02, back * 0.8)],
        3: [(0, -0.03, back), (0.6, -0.04, back + 0.02), (0.78, -0.03, back), (1, -0.006, 0.005)],
    }
    if style == 2:
        half = [(0, w * 0.5), (0.65, w * 0.55), (0.8, w * 0.45), (1, 0.006)]
        blade = loft(
            [
                [(x, y * long, 0), (0, y * long, thick * 0.6), (-x, y * long, 0), (0, y * long, -thick * 0.6)]
                for y, x in half
            ],
            steel,
        )
        guard = [
            box((w * 2.6, 0.05, 0.06), (0, 0, 0), dice.metal()),
            ellipsoid((0.05, 0.05, 0.045), (0, -hold - 0.02, 0), dice.metal()),
        ]
        handle = revolve([(0, -hold), (0.032, -hold), (0.045, -hold * 0.55), (0.034, 0), (0, 0)], (0, 0, 0), grip, "y")
        rings = [torus(0.04, 0.012, (0, -hold * t, 0), BLACK, "y") for t in np.linspace(0.2, 0.85, dice.integer(3, 5))]
        return [blade, *guard, handle, *rings]
    blade = _blade([(y * long, e, b) for y, e, b in shapes[style]], thick, steel)
    slim = [
        (0, -0.04),
        (-0.12, -0.055),
        (-hold * 0.5, -0.035),
        (-hold * 0.85, -0.06),
        (-hold, -0.05),
        (-hold, 0.035),
        (-hold * 0.5, 0.045),
        (0, 0.045),
    ]
    handle = prism([(x, y) for y, x in slim], 0.07, (0, 0, 0), grip)
    pins = [cylinder(0.016, 0.08, (0, -hold * t, 0), dice.metal(), sides=12) for t in (0.2, 0.5, 0.8)]
    parts = [blade, handle, *pins]
    if style == 3:
        parts = [blade.turned("z", dice.uniform(0, 60) * dice.integer(0, 1), (0, -0.03, 0)), *parts[1:]]
        liner = prism([(x * 1.15, y * 1.03 + 0.012) for y, x in slim], 0.04, (0, 0, 0), steel)
        return [
            *parts,
            liner,
            torus(0.03, 0.01, (0, -hold - 0.02, 0), steel),
            cylinder(0.026, 0.09, (0, -0.03, 0), steel),
        ]
    if style == 1:
        return [*parts, cylinder(0.022, thick + 0.012, (back - 0.045, long * 0.9, 0), BLACK, sides=12)]
    bolster = box((0.095, 0.045, 0.074), (0, 0.0, 0), dice.metal())
    return [*parts, bolster] if dice.chance(0.6) else parts
