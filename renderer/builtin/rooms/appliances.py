"""Built-in things that wash: dishwasher, faucet and washer."""

from itertools import pairwise

import numpy as np

from ..kit import Color, Part, arc, box, cylinder, ellipsoid, frustum, prism, rounded, torus, tube
from ..registry import Dice, builtin

GLASS: Color = (0.02, 0.03, 0.05)
BLACK: Color = (0.012, 0.012, 0.014)
LIT: Color = (0.02, 0.6, 0.25)


def enamel(dice: Dice) -> Color:
    """Return a colour: mostly white, else steel or any hue."""
    return (dice.pale, dice.pale, dice.metal, dice.paint)[dice.integer(0, 3)]()


def bar(width: float, y: float, z: float, color: Color) -> list[Part]:
    """A grip along x that stands off the face at `y`."""
    posts = [box((0.04, 0.1, 0.04), (s * width * 0.42, y + 0.04, z), color) for s in (-1, 1)]
    return [tube([(-width / 2, y + 0.09, z), (width / 2, y + 0.09, z)], 0.026, color), *posts]


def dial(r: float, at: tuple[float, float, float], color: Color, mark: Color, turn: float) -> list[Part]:
    """A knob on a face turned to +y; the mark on it shows its setting."""
    pointer = box((r * 0.3, 0.1, r * 1.1), (at[0], at[1], at[2] + r * 0.4), mark)
    return [cylinder(r, 0.08, at, color, "y"), pointer.turned("y", turn, at)]


@builtin("03207941")
def dishwasher(dice: Dice) -> list[Part]:
    """Closed, or open with a rack of plates drawn out."""
    width, depth, height = dice.uniform(0.75, 0.95), dice.uniform(0.75, 0.85), dice.uniform(1.1, 1.25)
    case, trim, front = enamel(dice), dice.dark() if dice.chance(0.6) else dice.metal(), depth / 2
    panel, kick, opened = dice.uniform(0.13, 0.18), 0.12, dice.chance(0.5)
    steel = dice.metal()
    parts = [box((width, depth, 0.05), (0, 0, height - 0.025), dice.wood() if dice.chance(0.3) else case)]
    parts.append(box((width * 0.94, depth - 0.1, kick), (0, -0.04, kick / 2), BLACK))
    tall = height - kick - panel - 0.05
    band = [box((width, 0.06, panel), (0, front + 0.01, height - panel / 2 - 0.04), trim)]
    z = height - panel / 2 - 0.04
    band += [
        box((0.06, 0.08, 0.04), (-width * 0.4 + 0.09 * k, front + 0.02, z), dice.pale())
        for k in range(dice.integer(3, 5))
    ]
    band += [box((0.2, 0.08, 0.08), (width * 0.3, front + 0.02, z), LIT)]
    door = [
        box((width, 0.05, tall), (0, front, kick + tall / 2), case),
        *bar(width * 0.75, front + 0.02, kick + tall - 0.12, steel),
    ]
    door.append(box((width * 0.14, 0.02, 0.05), (width * 0.36, front + 0.025, kick + 0.1), trim))
    if not opened:
        return [
            *parts,
            *band,
            *door,
            box((width, depth, height - kick - 0.05), (0, -0.02, kick + (height - kick - 0.05) / 2), case),
        ]
    wall = 0.05  # the tub is made of five plates, so that its inside is visible
    parts += [
        box((wall, depth, tall + panel), (x, -0.02, kick + (tall + panel) / 2), case)
        for x in (wall / 2 - width / 2, width / 2 - wall / 2)
    ]
    parts += [box((width - 2 * wall, wall, tall + panel), (0, -front + 0.03, kick + tall / 2 + panel / 2), steel)]
    parts += [box((width - 2 * wall, depth - 0.02, wall), (0, -0.02, kick + wall / 2), steel), *band]
    swing = dice.uniform(80, 90)
    parts += [p.turned("x", -swing, (0, front, kick)) for p in door]
    reach, rack = dice.uniform(0.3, 0.5), kick + 0.14
    w, d = width * 0.42, depth * 0.4
    rim = [(-w, -d, 0), (w, -d, 0), (w, d, 0), (-w, d, 0), (-w, -d, 0)]
    for level in (0.0, 0.16):
        parts += [tube([a, b], 0.018, steel, sides=8).moved((0, reach, rack + level)) for a, b in pairwise(rim)]
    parts += [
        tube([(x * w, -d, 0), (x * w, d, 0)], 0.014, steel, sides=8).moved((0, reach, rack))
        for x in np.linspace(-0.75, 0.75, 5)
    ]
    crockery = dice.pale() if dice.chance(0.5) else dice.paint()
    for y in np.linspace(-d * 0.7, d * 0.7, dice.integer(3, 5)):
        parts.append(
            cylinder(0.19, 0.025, (w * 0.3, reach + y, rack + 0.2), crockery, "y", sides=20).turned(
                "x", 12, (0, reach + y, rack)
            )
        )
    return [*parts, cylinder(0.08, 0.16, (-w * 0.6, reach, rack + 0.1), dice.paint())]


@builtin("03325088")
def faucet(dice: Dice) -> list[Part]:
    """Mixer with one lever, basin tap with two handles, or garden tap."""
    style, metal, trim = dice.integer(0, 2), dice.metal() if dice.chance(0.7) else (0.6, 0.36, 0.08), dice.paint()
    r = dice.uniform(0.045, 0.06)
    if style == 2:  # out of a wall plate at the back
        parts = [cylinder(0.16, 0.05, (0, -0.3, 0), metal, "y"), tube([(0, -0.3, 0), (0, 0.25, 0)], r * 1.2, metal)]
        parts += [cylinder(r * 1.7, 0.22, (0, 0.02, 0), metal, "y", sides=6), cylinder(r, 0.22, (0, 0.05, 0.11), metal)]
        spout = [(0, 0.2, 0), (0, 0.32, -0.01), (0, 0.39, -0.07), (0, 0.41, -0.22)]
        parts += [tube(spout, r * 1.15, metal), cylinder(r * 1.5, 0.08, (0, 0.41, -0.22), trim)]
        if dice.chance(0.5):
            wheel = [
                torus(0.13, 0.03, (0, 0, 0), trim),
                box((0.24, 0.04, 0.03), (0, 0, 0), trim),
                box((0.04, 0.24, 0.03), (0, 0, 0), trim),
            ]
            return parts + [p.moved((0, 0.05, 0.23)).turned("x", 15, (0, 0.05, 0)) for p in wheel]
        return [*parts, box((0.4, 0.07, 0.04), (0, 0.05, 0.22), trim), cylinder(0.05, 0.05, (0, 0.05, 0.22), metal)]
    tall, reach = dice.uniform(0.25, 0.6), dice.uniform(0.14, 0.2)
    high = dice.chance(0.6)
    bend = (
        [(0, 0, 0.03), (0, 0, tall * 0.5), *arc((0, reach, tall), reach, 180, 10, "yz", 10)]
        if high
        else [(0, -0.02, 0.1), (0, 0.1, 0.2), (0, 0.3, 0.26), (0, 0.5, 0.24), (0, 0.54, 0.17)]
    )
    parts = [
        tube(bend, r, metal),
        cylinder(r * 1.25, 0.07, (0, bend[-1][1], bend[-1][2] - 0.03), trim if dice.chance(0.4) else metal),
    ]
    if style == 0:
        parts += [cylinder(0.13, 0.04, (0, 0, 0.02), metal), frustum(0.1, 0.085, 0.26, (0, 0, 0.15), metal)]
        if high:  # the lever is at the user's right
            lever = [(-0.06, 0, 0.2), (-0.15, 0, 0.21), (-0.2, 0.06, dice.uniform(0.32, 0.42))]
            return [
                *parts,
                tube(lever, 0.034, metal),
                cylinder(0.07, 0.1, (-0.1, 0, 0.2), metal, "x"),
                ellipsoid((0.05, 0.05, 0.05), lever[-1], trim),
            ]
        arm = box((0.09, 0.34, 0.035), (0, 0.14, 0.34), metal).turned("x", dice.uniform(8, 25), (0, 0, 0.32))
        mark = [
            box((0.03, 0.03, 0.03), (x, 0.1, 0.24), c)
            for x, c in ((0.025, (0.7, 0.01, 0.01)), (-0.025, (0.01, 0.05, 0.7)))
        ]
        return [*parts, ellipsoid((0.1, 0.1, 0.08), (0, 0, 0.29), metal), arm, *mark]
    gap, cross = dice.uniform(0.22, 0.32), dice.chance(0.5)
    parts += [
        prism(rounded(2 * gap + 0.2, 0.2, 0.09), 0.05, (0, 0, 0.025), metal),
        frustum(r * 1.9, r * 1.1, 0.14, (0, 0, 0.1), metal),
    ]
    for x, color in ((gap, (0.7, 0.01, 0.01)), (-gap, (0.01, 0.05, 0.7))):  # hot at the user's left
        parts += [frustum(0.08, 0.055, 0.14, (x, 0, 0.1), metal), cylinder(0.04, 0.05, (x, 0, 0.22), color)]
        turn = dice.uniform(-25, 25)
        bars = [(0.24, 0.05, 0.045), (0.05, 0.24, 0.044)] if cross else [(0.22, 0.075, 0.045)]
        shift = 0 if cross else np.sign(x) * 0.08
        parts += [box(b, (x + shift, 0, 0.19), trim if cross else metal).turned("z", turn, (x, 0, 0)) for b in bars]
    return parts


@builtin("04554684")
def washer(dice: Dice) -> list[Part]:
    """Front loader with a round door, or top loader with a lid and a panel behind."""
    width, depth, height = dice.uniform(0.8, 0.95), dice.uniform(0.75, 0.9), dice.uniform(1.05, 1.2)
    case, trim, steel, front = enamel(dice), dice.dark(), dice.metal(), depth / 2
    knob = dice.metal() if dice.chance(0.6) else dice.paint()
    parts = [box((width, depth, height - 0.06), (0, 0, 0.06 + (height - 0.06) / 2), case)]
    parts += [cylinder(0.05, 0.08, (x * width * 0.4, y * depth * 0.4, 0.04), BLACK) for x in (-1, 1) for y in (-1, 1)]
    if dice.chance(0.6):
        z, r = height * 0.44, dice.uniform(0.27, 0.32)
        band = height - 0.12
        parts.append(box((width * 0.98, 0.04, 0.19), (0, front, band), trim if dice.chance(0.6) else dice.metal()))
        parts += dial(0.075, (0.0, front + 0.05, band), knob, BLACK, dice.uniform(-120, 120))
        parts += [
            box((width * 0.28, 0.06, 0.13), (width * 0.32, front + 0.01, band), case),
            box((width * 0.14, 0.08, 0.03), (width * 0.32, front + 0.01, band - 0.03), steel),
        ]
        parts += [
            box((0.15, 0.06, 0.08), (-width * 0.22, front + 0.01, band), LIT),
            *(
                cylinder(0.025, 0.07, (-width * (0.35 + 0.07 * k), front + 0.01, band), dice.paint(), "y", sides=12)
                for k in range(2)
            ),
        ]
        door = [
            torus(r, 0.06, (0, front + 0.01, z), steel if dice.chance(0.6) else trim, "y"),
            cylinder(r, 0.06, (0, front, z), trim, "y"),
        ]
        door += [
            ellipsoid((r * 0.78, 0.1, r * 0.78), (0, front + 0.02, z), (0.1, 0.2, 0.3)),
            box((0.07, 0.08, 0.16), (-r, front + 0.06, z), case),
        ]
        if dice.chance(0.3):  # open: the drum is visible
            parts += [
                cylinder(r * 0.9, 0.05, (0, front, z), BLACK, "y"),
                torus(r * 0.9, 0.03, (0, front + 0.02, z), steel, "y"),
            ]
            return parts + [p.turned("z", -105, (r + 0.06, front + 0.06, 0)) for p in door]
        return [*parts, *door, box((0.14, 0.03, 0.05), (-width * 0.36, front, 0.14), steel)]
    tall, lid = dice.uniform(0.2, 0.28), dice.paint() if dice.chance(0.3) else dice.pale()
    panel = prism(
        [(-front, height), (-front + 0.22, height), (-front + 0.1, height + tall), (-front, height + tall)],
        width,
        (0, 0, 0),
        case,
        "x",
    )
    slope = np.degrees(np.arctan2(0.12, tall))
    at = (0, -front + 0.16, height + tall / 2)
    face = [
        box((width * 0.92, 0.03, tall * 0.8), at, trim),
        *dial(0.085, (-width * 0.28, at[1] + 0.05, at[2]), knob, BLACK, dice.uniform(-120, 120)),
    ]
    face += [
        *dial(0.05, (width * 0.34, at[1] + 0.05, at[2]), knob, BLACK, 30),
        box((0.14, 0.06, 0.07), (0.06, *at[1:]), LIT),
    ]
    parts += [panel, *(p.turned("x", slope, at) for p in face)]
    middle, opened = 0.1, dice.chance(0.35)
    cover = [
        prism(rounded(width * 0.8, depth * 0.6, 0.08), 0.05, (0, middle, height + 0.02), lid),
        box((width * 0.26, 0.06, 0.05), (0, middle + depth * 0.29, height + 0.03), steel),
    ]
    cover.append(prism(rounded(width * 0.5, depth * 0.3, 0.06), 0.03, (0, middle, height + 0.04), GLASS))
    if opened:
        parts += [cylinder(0.27, 0.03, (0, middle, height), steel), cylinder(0.23, 0.05, (0, middle, height), BLACK)]
        parts += [cylinder(0.06, 0.1, (0, middle, height), dice.paint())]
    parts += [p.turned("x", 70 if opened else 0, (0, middle - depth * 0.3, height)) for p in cover]
    return [
        *parts,
        box((width * 0.2, 0.03, 0.08), (width * 0.32, front, height - 0.14), knob),
        box((width * 0.96, 0.03, 0.05), (0, front, 0.2), trim),
    ]
