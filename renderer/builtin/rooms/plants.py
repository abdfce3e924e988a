"""The built-in flowerpot with its plants."""

import numpy as np

from ..kit import Color, Part, box, cylinder, ellipsoid, revolve, sheet, taper, tube
from ..registry import Dice, builtin


def _leaf(length: float, width: float, rise: float, droop: float, color: Color) -> Part:
    """A leaf from the origin towards +y that climbs by `rise` and hangs down by `droop` at its tip."""
    t = np.linspace(0, 1, 7)
    half = width / 2 * np.sin(np.pi * (0.08 + 0.86 * t))
    grid = [
        [(u * h, length * k, rise * k - droop * k * k + abs(u) * 0.15 * h) for u in (-1, 0, 1)]
        for k, h in zip(t, half, strict=True)
    ]
    return sheet(np.array(grid).transpose(1, 0, 2), 0.02, color)


def _plant(dice: Dice, z: float) -> list[Part]:
    """Cactus, rosette of leaves, clipped tree or flowers, rooted at height z."""
    kind, green = dice.integer(0, 3), (dice.uniform(0.02, 0.12), dice.uniform(0.2, 0.45), dice.uniform(0.02, 0.08))
    bloom = dice.paint()
    if kind == 0:
        thick, tall = dice.uniform(0.1, 0.14), dice.uniform(0.45, 0.7)
        ribs = [ellipsoid((0.05, thick, tall / 2), (0, 0, z + tall / 2), green).turned("z", a) for a in (0, 60, 120)]
        low = z + tall * dice.uniform(0.3, 0.5)
        arm = tube([(0, 0, low), (0.2, 0, low), (0.27, 0, low + 0.05), (0.28, 0, low + 0.24)], 0.055, green)
        other = arm.mirrored().moved((0, 0, 0.1)) if dice.chance(0.5) else arm.turned("z", -120)
        return [*ribs, arm, other, ellipsoid((0.07, 0.07, 0.05), (0, 0.03, z + tall), bloom)]
    if kind == 1:
        count, tone = dice.integer(9, 13), (green[0] * 2, green[1] * 1.5, green[2])
        length, width, droop = dice.uniform(0.4, 0.6), dice.uniform(0.1, 0.2), dice.uniform(0.2, 0.5)
        leaves = []
        for k in range(count):
            rise = dice.uniform(0.45, 0.9) + (0.3 if k % 2 else 0)
            leaf = _leaf(length * dice.uniform(0.7, 1), width, rise, droop, (green, tone)[k % 2])
            leaves.append(leaf.moved((0, 0.02, z)).turned("z", 137.5 * k))
        return leaves
    if kind == 2:
        stem, size = dice.uniform(0.2, 0.45), dice.uniform(0.22, 0.3)
        trunk = tube([(0, 0, z), (0.02, 0, z + stem / 2), (0, 0, z + stem + 0.05)], 0.035, dice.wood())
        crown = ellipsoid((size, size, size), (0, 0, z + stem + size * 0.8), green)
        puffs = [(0.6, 0.3), (-0.5, 0.45), (0.1, -0.6)]
        bumps = [ellipsoid((size * 0.6,) * 3, (size * x, size * y, z + stem + size), green) for x, y in puffs]
        fruit = [(dice.uniform(-50, 60), dice.uniform(20, 60)) for _ in range(dice.integer(3, 6))]
        berry = ellipsoid((0.04, 0.04, 0.04), (0, size, z + stem + size * 0.8), bloom)
        return [
            trunk,
            crown,
            *bumps,
            *(berry.turned("x", up, (0, 0, z + stem + size)).turned("z", a) for a, up in fruit),
        ]
    parts = []
    for k in range(dice.integer(3, 5)):
        tall, lean = dice.uniform(0.35, 0.6), dice.uniform(0.1, 0.22)
        flower = [tube([(0, 0.03, z), (0, lean * 0.6, z + tall / 2), (0, lean, z + tall)], 0.022, green)]
        petals = _leaf(0.22, 0.15, 0.06, 0.04, bloom).moved((0, lean + 0.02, z + tall))
        flower += [petals.turned("z", 72 * i, (0, lean, 0)) for i in range(5)]
        flower.append(ellipsoid((0.06, 0.06, 0.05), (0, lean, z + tall + 0.01), (0.8, 0.5, 0.05)))
        flower.append(_leaf(0.3, 0.13, 0.3, 0.2, green).moved((0, 0, z)).turned("z", 40))
        parts += [p.turned("z", 137.5 * k) for p in flower]
    return parts


@builtin("03991062")
def flowerpot(dice: Dice) -> list[Part]:
    """A round, square or footed pot with one of four plants."""
    style, radius, height = dice.integer(0, 2), dice.uniform(0.22, 0.32), dice.uniform(0.28, 0.5)
    pot = (dice.uniform(0.4, 0.55), 0.15, 0.06) if dice.chance(0.4) else dice.paint()
    trim, soil = dice.pale() if dice.chance(0.5) else dice.paint(), (0.06, 0.03, 0.015)
    rim = 0.08
    if style == 1:
        wide, foot = radius * 1.7, radius * dice.uniform(1.1, 1.6)
        parts = [taper((foot, foot), (wide, wide), height, (0, 0, 0), pot)]
        sides = [box((wide + 0.06, 0.05, rim), (0, wide / 2, height - 0.02), trim).turned("z", a) for a in (0, 180)]
        sides += [box((wide - 0.02, 0.05, rim), (0, wide / 2, height - 0.02), trim).turned("z", a) for a in (90, 270)]
        parts += [*sides, box((wide, wide, 0.02), (0, 0, height), soil)]
    else:
        foot = radius * (dice.uniform(0.6, 0.8) if style == 0 else 0.45)
        belly = (foot + radius) / 2 if style == 0 else radius * dice.uniform(1.0, 1.15)
        wall = [(foot, 0), (belly, height / 2), (radius, height), (radius * 0.9, height), (0, height - 0.02)]
        parts = [revolve([(0, 0), *wall], (0, 0, 0), pot)]
        lip = [(radius + 0.02, -rim), (radius + 0.04, 0.02), (radius * 0.88, 0.02), (radius * 0.88, -0.01), (0, -0.01)]
        parts.append(revolve([(0, -rim), *lip], (0, 0, height), trim))
        parts.append(cylinder(radius * 0.87, 0.03, (0, 0, height), soil))
        parts.append(cylinder(foot * 1.5, 0.04, (0, 0, 0.01), trim))
    badge = radius * 0.85 if style == 1 else radius
    parts.append(ellipsoid((0.1, 0.06, 0.08), (0, badge * 0.9, height * 0.5), trim))
    return parts + _plant(dice, height)
