"""The built-in tower."""

import numpy as np

from ..kit import Color, Part, box, cylinder, frustum, prism, revolve, taper, torus, tube
from ..registry import Dice, builtin


def _castle(dice: Dice, stone: Color, roof: Color, dark: Color) -> list[Part]:
    radius, tall = dice.uniform(0.22, 0.3), dice.uniform(0.9, 1.3)
    parts = [
        frustum(radius * 1.15, radius, tall, (0, 0, tall / 2), stone),
        cylinder(radius * 1.2, 0.14, (0, 0, tall), stone),
    ]
    merlon = box((radius * 0.35, 0.08, 0.12), (0, radius * 1.14, tall + 0.12), stone)
    parts += [merlon.turned("z", 36 * k) for k in range(10)]
    if dice.chance(0.7):
        high = dice.uniform(0.35, 0.6)
        parts += [
            cylinder(radius * 0.8, 0.2, (0, 0, tall + 0.1), stone),
            frustum(radius * 1.05, 0, high, (0, 0, tall + 0.2 + high / 2), roof),
        ]
        mast = tall + 0.2 + high
        parts += [
            tube([(0, 0, mast - 0.1), (0, 0, mast + 0.2)], 0.02, dark),
            box((0.2, 0.022, 0.1), (0.1, 0, mast + 0.14), dice.paint()),
        ]
    parts.append(box((radius * 0.7, 0.12, 0.26), (0, radius * 1.1, 0.13), (0.12, 0.05, 0.02)))
    parts.append(cylinder(radius * 0.35, 0.12, (0, radius * 1.1, 0.26), (0.12, 0.05, 0.02), "y"))
    slots = [(angle, tall * t) for angle, t in ((0, 0.5), (-15, 0.75), (100, 0.65), (190, 0.5), (250, 0.8))]
    return parts + [box((0.07, 0.12, 0.17), (0, radius, z), dark).turned("z", a) for a, z in slots]


def _clock_tower(dice: Dice, stone: Color, roof: Color, dark: Color) -> list[Part]:
    wide, tall, high = dice.uniform(0.32, 0.42), dice.uniform(1.0, 1.4), dice.uniform(0.3, 0.6)
    trim, face = dice.pale(), wide / 2 + 0.025
    parts = [
        box((wide, wide, tall), (0, 0, tall / 2), stone),
        box((wide + 0.05, wide + 0.05, 0.42), (0, 0, tall - 0.2), stone),
    ]
    parts += [box((wide + 0.12, wide + 0.12, 0.05), (0, 0, z), trim) for z in (0.03, tall - 0.43, tall + 0.02)]
    parts.append(taper((wide + 0.1, wide + 0.1), (0.02, 0.02), high, (0, 0, tall + 0.04), roof))
    parts.append(tube([(0, 0, tall + high), (0, 0, tall + high + 0.16)], 0.02, (0.6, 0.42, 0.1)))
    dial = [
        cylinder(wide * 0.37, 0.04, (0, face, tall - 0.2), trim, "y"),
        torus(wide * 0.37, 0.022, (0, face + 0.02, tall - 0.2), dark, "y"),
    ]
    dial += [
        box((0.028, 0.02, wide * 0.3), (0, face + 0.03, tall - 0.2 + wide * 0.13), dark),
        box((wide * 0.22, 0.02, 0.028), (wide * 0.08, face + 0.032, tall - 0.2), dark),
    ]
    parts += [p.turned("z", a) for a in ((0, 90, 180, 270) if dice.chance(0.4) else (0,)) for p in dial]
    rows = dice.integer(2, 4)
    spots = [(x, (tall - 0.6) * (k + 0.6) / rows + 0.2) for k in range(rows) for x in (-wide * 0.22, wide * 0.22)]
    parts += [box((wide * 0.2, 0.05, 0.12), (x, wide / 2, z), dark) for x, z in spots]
    parts += [box((0.05, wide * 0.25, 0.14), (wide / 2, 0, z), dark) for _, z in spots[::2]]
    return [*parts, box((wide * 0.35, 0.06, 0.2), (0, wide / 2, 0.12), roof)]


def _lighthouse(dice: Dice, roof: Color, dark: Color) -> list[Part]:
    foot, top, tall, bands = (
        dice.uniform(0.24, 0.32),
        dice.uniform(0.14, 0.18),
        dice.uniform(1.0, 1.4),
        dice.integer(3, 7),
    )
    tones = (dice.pale(), roof)
    radii, step = np.linspace(foot, top, bands + 1), tall / bands
    parts = [frustum(radii[k], radii[k + 1], step, (0, 0, step * (k + 0.5)), tones[k % 2]) for k in range(bands)]
    parts += [cylinder(top * 1.5, 0.05, (0, 0, tall), dark), torus(top * 1.45, 0.02, (0, 0, tall + 0.12), dark)]
    parts += [
        tube([(0, top * 1.45, tall), (0, top * 1.45, tall + 0.12)], 0.02, dark, 6).turned("z", 45 * k) for k in range(8)
    ]
    parts.append(cylinder(top * 0.8, 0.2, (0, 0, tall + 0.12), (0.95, 0.75, 0.2)))
    parts.append(
        revolve(
            [(0, 0), (top * 1.05, 0), (top * 0.7, 0.1), (0.02, 0.17), (0.02, 0.25), (0, 0.25)],
            (0, 0, tall + 0.22),
            roof,
        )
    )
    parts.append(box((0.15, 0.1, 0.24), (0, foot * 0.95, 0.12), dark))
    parts += [box((0.08, 0.08, 0.1), (0, foot + (top - foot) * t, tall * t), dark) for t in (0.42, 0.7)]
    if dice.chance(0.6):  # the keeper's house beside it
        parts.append(box((0.4, 0.3, 0.2), (0.36, 0, 0.1), tones[0]))
        parts.append(prism([(-0.19, 0), (0.19, 0), (0, 0.15)], 0.44, (0.36, 0, 0.2), roof, "x"))
    return [*parts, cylinder(foot * 1.35, 0.05, (0, 0, 0.02), dice.metal())]


def _lattice(dice: Dice, iron: Color, trim: Color) -> list[Part]:
    foot, tall, levels = dice.uniform(0.3, 0.4), dice.uniform(1.3, 1.7), 6
    power = dice.uniform(1.4, 2.4)
    half = [foot * (1 - k / levels) ** power + 0.03 for k in range(levels + 1)]
    z = [tall * k / levels for k in range(levels + 1)]
    leg = tube([(h, h, at) for h, at in zip(half, z, strict=True)], 0.028, iron, 8)
    parts = [leg.turned("z", 90 * k) for k in range(4)]
    for k in range(levels - 1):
        low, high = half[k], half[k + 1]
        cross = [tube([(s * low, low, z[k]), (-s * high, high, z[k + 1])], 0.02, iron, 6) for s in (-1, 1)]
        cross = (
            cross
            if k
            else [
                tube(
                    [
                        (-low, low, 0),
                        (-low * 0.5, (low + high) / 2, z[1] * 0.75),
                        (low * 0.5, (low + high) / 2, z[1] * 0.75),
                        (low, low, 0),
                    ],
                    0.022,
                    iron,
                    6,
                )
            ]
        )
        parts += [p.turned("z", 90 * i) for i in range(4) for p in cross]
    decks = (1, 3) if dice.chance(0.6) else (1, 5)
    parts += [box((2 * half[k] + 0.1, 2 * half[k] + 0.1, 0.06), (0, 0, z[k]), trim) for k in decks]
    parts.append(tube([(0, 0, tall - 0.05), (0, 0, tall + 0.3)], 0.022, trim))
    if dice.chance(0.5):
        dish = revolve(
            [(0, 0), (0.06, 0.01), (0.13, 0.06), (0.12, 0.07), (0, 0.03)], (0, half[4] + 0.05, z[4]), dice.pale(), "y"
        )
        parts += [dish, dish.turned("z", 120).moved((0, 0, 0.22))]
    return [*parts, box((0.24, 0.2, 0.16), (foot * 0.2, foot * 0.9, 0.08), dice.paint())]


@builtin("04460130")
def tower(dice: Dice) -> list[Part]:
    """Castle tower, clock tower, lighthouse or iron lattice."""
    style, dark, roof = dice.integer(0, 3), dice.dark(), dice.paint()
    stone = dice.pale() if dice.chance(0.4) else (dice.wood() if dice.chance(0.5) else dice.metal())
    if style == 0:
        return _castle(dice, stone, roof, dark)
    if style == 1:
        return _clock_tower(dice, stone, roof, dark)
    if style == 2:
        return _lighthouse(dice, roof, dark)
    return _lattice(dice, dice.dark() if dice.chance(0.4) else dice.paint(), roof)
