"""Built-in train: steam engine, diesel engine and express."""

import numpy as np

from ..kit import Color, Part, box, cylinder, ellipsoid, frustum, loft, pair, prism, rounded, taper, tube
from ..registry import Dice, builtin

GLASS: Color = (0.03, 0.045, 0.07)
BLACK: Color = (0.015, 0.015, 0.015)
LAMP: Color = (0.9, 0.85, 0.6)


def _axles(ys: list[float], radius: float, hub: Color) -> list[Part]:
    return [
        p
        for y in ys
        for p in (
            cylinder(radius, 0.86, (0, y, radius), BLACK, "x", sides=16),
            cylinder(radius * 0.6, 0.92, (0, y, radius), hub, "x", sides=10),
        )
    ]


def _steam(dice: Dice) -> list[Part]:
    paint, trim, brass = dice.paint() if dice.chance(0.7) else dice.dark(), dice.paint(), (0.6, 0.35, 0.05)
    r, long, big = dice.uniform(0.32, 0.4), dice.uniform(1.5, 2.1), dice.uniform(0.26, 0.32)
    front, axis = long / 2 + 0.3, 0.92
    parts = [box((0.85, long + 1.1, 0.14), (0, -0.15, 0.5), BLACK), cylinder(r, long, (0, 0.3, axis), paint, "y")]
    parts += [cylinder(r + 0.015, 0.06, (0, 0.3 + long * t, axis), brass, "y") for t in (-0.2, 0.1, 0.35)]
    parts += [
        cylinder(r + 0.02, 0.3, (0, front, axis), BLACK, "y"),
        cylinder(r * 0.7, 0.06, (0, front + 0.16, axis), trim, "y"),
    ]
    parts += [
        frustum(0.1, dice.uniform(0.1, 0.2), 0.45, (0, front, axis + r + 0.15), BLACK),
        cylinder(0.12, 0.2, (0, 0.3, axis + r + 0.02), brass),
        ellipsoid((0.12, 0.12, 0.1), (0, 0.3, axis + r + 0.12), brass),
    ]
    rear = 0.3 - long / 2 - 0.3
    parts += [box((0.9, 0.66, 1.0), (0, rear, 1.05), paint), box((0.94, 0.34, 0.34), (0, rear, 1.28), GLASS)]
    parts += [*pair(box((0.2, 0.7, 0.26), (0.3, rear, 1.3), GLASS)), box((1.06, 0.86, 0.07), (0, rear, 1.58), trim)]
    parts += [box((0.84, 0.5, 0.5), (0, rear - 0.65, 0.82), paint), box((0.7, 0.4, 0.1), (0, rear - 0.65, 1.08), BLACK)]
    parts.append(taper((0.9, 0.4), (0.6, 0.1), 0.34, (0, front + 0.3, 0.14), trim, lean=(0, -0.15)))
    parts += [cylinder(0.09, 0.16, (0, front + 0.16, axis + r + 0.04), LAMP, "y")]
    parts += _axles([rear + 0.1, rear + 0.14 + 2 * big, rear + 0.18 + 4 * big], big, trim)
    parts += pair(box((0.05, 4 * big + 0.1, 0.07), (0.48, rear + 0.14 + 2 * big, big), dice.metal()))
    return parts + _axles([front - 0.05, rear - 0.65], 0.17, trim)


def _diesel(dice: Dice) -> list[Part]:
    paint, trim, roof = dice.paint(), dice.pale() if dice.chance(0.5) else dice.paint(), dice.metal()
    long, tall = dice.uniform(4.0, 5.4), dice.uniform(0.95, 1.15)
    front = long / 2
    hooded = dice.chance(0.65)  # a low bonnet before the cab; else the cab is at the very front
    side = [
        (-front, 0.36),
        (front, 0.36),
        (front, 0.36 + tall * 0.5),
        (front - 0.18, 0.36 + tall),
        (-front, 0.36 + tall),
    ]
    if hooded:
        side = [(-front, 0.36), (front - 0.75, 0.36), (front - 0.75, 0.36 + tall), (-front, 0.36 + tall)]
        parts = [box((0.7, 0.8, tall * 0.6), (0, front - 0.4, 0.36 + tall * 0.3), paint)]
        parts.append(box((0.8, 0.06, tall * 0.28), (0, front - 0.75, 0.36 + tall * 0.78), GLASS))
        parts.append(box((0.74, 0.1, 0.14), (0, front - 0.02, 0.8), trim))
    else:
        slope = np.degrees(np.arctan2(0.18, tall * 0.5))
        pane = box((0.8, 0.06, tall * 0.36), (0, front - 0.09, 0.36 + tall * 0.76), GLASS)
        parts = [pane.turned("x", slope, (0, front - 0.09, 0.36 + tall * 0.76))]
    parts += [
        prism(side, 0.96, (0, 0, 0), paint, "x"),
        box((0.98 if not hooded else 0.99, long - 1.3, tall * 0.22), (0, -0.4, 0.58), trim),
    ]
    cab = front - (1.05 if hooded else 0.5)
    parts += [box((1.0, 0.4, tall * 0.3), (0, cab, 0.36 + tall * 0.74), GLASS)]
    parts += [
        box((0.7, long - 1.7, 0.1), (0, -0.4, 0.38 + tall), roof),
        *pair(cylinder(0.07, 0.06, (0.3, front + 0.01, 0.7), LAMP, "y")),
    ]
    parts += [
        cylinder(0.22, 0.08, (0, y, 0.46 + tall), BLACK)
        for y in np.linspace(-front + 0.7, front - 2, dice.integer(2, 5))
    ]
    parts += [box((0.9, long + 0.1, 0.12), (0, 0, 0.32), BLACK)]
    for k in range(5):  # warning stripes across the nose, above a plough
        stripe = box((0.19, 0.05, 0.2), (0.38 - 0.19 * k, front + 0.01, 0.5), (0.8, 0.5, 0.01) if k % 2 == 0 else BLACK)
        parts.append(stripe)
    parts.append(taper((0.9, 0.3), (0.86, 0.06), 0.24, (0, front + 0.1, 0.08), dice.metal(), lean=(0, -0.1)))
    if hooded:
        parts += pair(tube([(0.52, -front + 0.1, 0.8), (0.52, front - 1.5, 0.8)], 0.03, trim))
        for y in np.linspace(-front + 0.1, front - 1.5, 5):
            parts += pair(tube([(0.52, y, 0.3), (0.52, y, 0.8)], 0.025, trim))
    parts += pair(cylinder(0.09, 0.16, (0.28, front + 0.08, 0.34), dice.metal(), "y"))
    return parts + _axles([s * (front - d) for s in (1, -1) for d in (0.35, 0.72)], 0.17, dice.metal())


def _express(dice: Dice) -> list[Part]:
    body, paint = dice.pale() if dice.chance(0.7) else dice.paint(), dice.paint()
    long, nose = dice.uniform(4.2, 5.6), dice.uniform(0.9, 1.6)
    front = long / 2

    def section(y: float, width: float, height: float) -> list[tuple[float, float, float]]:
        return [(u, y, v + 0.2 + height / 2) for u, v in rounded(width, height, min(width, height) * 0.3)]

    rings = [
        section(-front, 0.95, 1.1),
        section(front - nose, 0.95, 1.1),
        section(front - nose * 0.45, 0.88, 0.8),
        section(front - 0.1, 0.66, 0.48),
        section(front, 0.4, 0.3),
    ]
    parts = [loft(rings, body), box((0.97, long - nose - 0.1, 0.14), (0, -nose / 2, 0.5), paint)]
    pane = taper((0.7, nose * 0.5), (0.56, nose * 0.4), 0.06, (0, front - nose * 0.72, 1.11), GLASS)
    parts.append(pane.turned("x", -np.degrees(np.arctan2(0.3, nose * 0.55)), (0, front - nose * 0.72, 1.15)))
    parts += [loft([section(front - 0.09, 0.7, 0.5), section(front + 0.02, 0.42, 0.28)], paint)]
    parts += pair(ellipsoid((0.09, 0.14, 0.06), (0.28, front - nose * 0.3, 0.8), LAMP))
    for y in np.linspace(-front + 0.3, front - nose - 0.3, dice.integer(6, 9)):
        parts.append(box((0.98, 0.22, 0.22), (0, y, 0.88), GLASS))
    parts += [box((0.5, 0.8, 0.1), (0, y, 1.32), dice.metal()) for y in (-front + 0.6, -front + 2)]
    if dice.chance(0.6):
        arm = [(0, -front + 0.4, 1.32), (0, -front + 0.75, 1.5), (0, -front + 0.45, 1.68)]
        parts += [tube(arm, 0.035, BLACK), box((0.6, 0.08, 0.05), (0, -front + 0.45, 1.69), BLACK)]
    return parts + _axles([-front + 0.35, -front + 0.75, front - nose - 0.2, front - nose + 0.2], 0.17, dice.metal())


@builtin("04468005")
def train(dice: Dice) -> list[Part]:
    """Steam engine, diesel engine or express."""
    return (_steam, _diesel, _express)[dice.integer(0, 2)](dice)
