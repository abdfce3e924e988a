"""Built-in watercraft: sailing boat, ship and motor boat."""

import numpy as np

from ..kit import Color, Part, arc, box, cylinder, frustum, loft, pair, prism, taper, tube
from ..registry import Dice, builtin

GLASS: Color = (0.03, 0.05, 0.08)
BLACK: Color = (0.012, 0.012, 0.012)
WHITE: Color = (0.8, 0.8, 0.8)


def _hull(length: float, half: float, depth: float, color: Color, *, sheer: float = 0.0) -> Part:
    """A hull with the bow at +y and the deck at z = 0, the bow drawn up by `sheer`."""
    stations = (
        (-0.5, 0.85, 0.8),
        (-0.2, 1.0, 1.0),
        (0.1, 0.95, 1.0),
        (0.3, 0.68, 0.95),
        (0.42, 0.36, 0.8),
        (0.5, 0.03, 0.2),
    )
    rings = []
    for y, w, d in stations:
        top = sheer * max(0.0, y + 0.1) ** 2 * 3
        rings.append(
            [(x * half * w, y * length, z) for x, z in ((-1, top), (-0.6, -d * depth), (0.6, -d * depth), (1, top))]
        )
    return loft(rings, color)


def _deck(length: float, half: float, color: Color) -> Part:
    outline = [
        (-0.8, -0.48),
        (0.8, -0.48),
        (0.93, -0.2),
        (0.87, 0.1),
        (0.6, 0.3),
        (0.28, 0.42),
        (0, 0.46),
        (-0.28, 0.42),
        (-0.6, 0.3),
        (-0.87, 0.1),
        (-0.93, -0.2),
    ]
    return prism([(x * half, y * length) for x, y in outline], 0.02, (0, 0, 0.005), color)


def _sailboat(dice: Dice) -> list[Part]:
    half, mast, wood = dice.uniform(0.14, 0.19), dice.uniform(0.9, 1.25), dice.wood()
    sail, jib = dice.pale(), dice.paint() if dice.chance(0.5) else dice.pale()
    y, boom = dice.uniform(0.05, 0.12), dice.uniform(0.1, 0.18)
    parts = [_hull(1, half, 0.16, dice.paint()), _deck(1, half, wood), box((0.02, 0.3, 0.1), (0, 0, -0.19), wood)]
    parts += [
        taper((half, 0.25), (half * 0.8, 0.2), 0.07, (0, y - 0.02, 0), WHITE),
        cylinder(0.015, mast, (0, y, mast / 2), wood),
    ]
    swing = dice.uniform(25, 60)
    parts.append(tube([(0, y, boom), (0, y - 0.5, boom)], 0.013, wood).turned("z", swing, (0, y, 0)))
    main = prism([(-0.03, boom + 0.03), (-0.03, mast * 0.97), (-0.5, boom + 0.03)], 0.012, (0, y, 0), sail, "x")
    fore = prism([(0.05, mast * 0.85), (0.05, 0.1), (0.46 - y, 0.07)], 0.012, (0, y, 0), jib, "x")
    flag = box((0.01, 0.09, 0.05), (0, y - 0.05, mast), dice.paint())
    return [*parts, main.turned("z", swing, (0, y, 0)), fore.turned("z", -swing / 2, (0, 0.46, 0)), flag]


def _ship(dice: Dice) -> list[Part]:
    half, paint, keel = dice.uniform(0.08, 0.11), dice.paint(), (0.35, 0.03, 0.02)
    upper = _hull(1, half, 0.07, paint, sheer=0.06).moved((0, 0, 0.0))
    lower = _hull(0.96, half * 0.92, 0.11, keel)
    parts = [upper, lower.moved((0, 0, -0.02)), _deck(0.98, half, dice.wood())]
    if dice.chance(0.5):  # container ship: the bridge aft, stacks of boxes before it
        parts += [
            box((half * 1.7, 0.1, 0.2), (0, -0.36, 0.1), WHITE),
            box((half * 2, 0.05, 0.03), (0, -0.33, 0.2), GLASS),
        ]
        parts.append(cylinder(0.025, 0.14, (0, -0.44, 0.1), paint))
        for y in np.linspace(-0.25, 0.26, dice.integer(4, 5)):
            for x in (-0.6, 0, 0.6):
                height = 0.04 * dice.integer(1, 3)
                parts.append(box((half * 0.55, 0.1, height), (x * half, y, height / 2 + 0.01), dice.paint()))
        return parts
    decks = dice.integer(2, 3)  # liner: stepped white decks and funnels
    for k in range(decks):
        z, size = 0.05 * k, (half * (1.6 - 0.2 * k), 0.66 - 0.12 * k, 0.055)
        parts += [
            box(size, (0, -0.08, z + 0.03), WHITE),
            box((size[0] + 0.006, size[1] + 0.006, 0.02), (0, -0.08, z + 0.036), GLASS),
        ]
    count = dice.integer(1, 4)
    for y in np.linspace(-0.22, 0.08, count) if count > 1 else [-0.1]:
        stack = [
            frustum(0.035, 0.03, 0.14, (0, y, 0.05 * decks + 0.06), paint),
            cylinder(0.034, 0.03, (0, y, 0.05 * decks + 0.12), BLACK),
        ]
        parts += [p.turned("x", 8, (0, y, 0.1)) for p in stack]
    return [*parts, cylinder(0.01, 0.25, (0, 0.3, 0.12), BLACK)]


def _motorboat(dice: Dice) -> list[Part]:
    half, paint, trim = dice.uniform(0.16, 0.2), dice.paint(), dice.pale()
    parts = [_hull(1, half, 0.16, paint, sheer=0.1), _hull(1.0, half * 1.04, 0.03, trim, sheer=0.1).moved((0, 0, 0.02))]
    parts += [box((half * 1.4, 0.42, 0.02), (0, -0.22, 0.025), dice.wood())]
    if dice.chance(0.5):  # a cabin
        parts += [
            taper((half * 1.4, 0.36), (half * 1.1, 0.24), 0.13, (0, 0, 0.02), GLASS, lean=(0, -0.03)),
            box((half * 1.25, 0.32, 0.025), (0, -0.04, 0.16), trim),
        ]
    else:
        screen = taper((half * 1.5, 0.05), (half * 1.2, 0.03), 0.09, (0, 0.08, 0.03), GLASS, lean=(0, -0.05))
        parts += [screen, *pair(box((half * 0.5, 0.08, 0.1), (half * 0.4, -0.08, 0.08), trim))]
        parts.append(box((half * 1.3, 0.09, 0.07), (0, -0.3, 0.07), dice.paint()))
    parts += [box((0.1, 0.1, 0.14), (0, -0.54, 0.06), BLACK), box((0.04, 0.05, 0.2), (0, -0.54, -0.1), dice.metal())]
    return [*parts, tube(arc((0, 0.33, 0.07), half * 0.42, 0, 180, "xy"), 0.012, dice.metal())]


@builtin("04530566")
def watercraft(dice: Dice) -> list[Part]:
    """Sailing boat, ship or motor boat."""
    return (_sailboat, _ship, _motorboat)[dice.integer(0, 2)](dice)
