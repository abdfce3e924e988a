"""Built-in classes that are open at the top: basket, bathtub, bowl and trash bin."""

from functools import partial

import numpy as np

from ..kit import Part, arc, box, cushion, cylinder, ellipsoid, frustum, revolve, taper, torus, tube
from ..registry import Dice, builtin


def _oblong(part: Part, power: float, size: tuple[float, float, float]) -> Part:
    """Stretch a solid of revolution to an oblong with round corners: power 2 is an ellipse, 12 almost a rectangle."""
    angle = np.arctan2(part.vertices[:, 1], part.vertices[:, 0])
    reach = (np.abs(np.cos(angle)) ** power + np.abs(np.sin(angle)) ** power) ** (-1 / power)
    part.vertices[:, :2] *= reach[:, None]
    return part.scaled(size)


@builtin("02880940")
def bowl(dice: Dice) -> list[Part]:
    """A bowl with fruit, soup, grain or nothing in it, plain or with two lugs."""
    radius, height = 0.5, dice.uniform(0.2, 0.42)
    foot, full, wall = dice.uniform(0.16, 0.26), dice.uniform(0.75, 1.0), 0.035
    curve = [
        (foot + (radius - foot) * (1 - (1 - t) ** (1 + full)), 0.06 + (height - 0.06) * t)
        for t in (0, 0.15, 0.35, 0.6, 1)
    ]
    outside = dice.paint() if dice.chance(0.7) else dice.wood()
    inside = dice.pale() if dice.chance(0.6) else dice.paint()
    inner = [(r - wall, z) for r, z in curve]
    liner = [(r - 0.015, z + 0.012) for r, z in inner]
    shell = revolve([(0, 0), (foot, 0), *curve, *inner[:0:-1], (foot, 0.08), (0, 0.08)], (0, 0, 0), outside)
    skin = revolve([(0, 0.07), (inner[1][0], inner[1][1]), *inner[2:], *liner[:1:-1], (0, 0.11)], (0, 0, 0), inside)
    parts = [shell, skin, torus(radius - wall / 2, wall * 0.6, (0, 0, height), outside)]
    mark = ellipsoid(
        (0.07, 0.035, 0.07), (0, (curve[3][0] + radius) / 2, (curve[3][1] + height) / 2 - 0.02), dice.paint()
    )
    parts += [mark.turned("z", a) for a in (-25, 0, 25)]
    content = dice.integer(0, 4)
    if content in {0, 4}:
        fruit = [dice.paint(), dice.paint()]
        spots = [(0.0, 0.0, 0.1), *((0.2, a, 0.0) for a in (10, 82, 154, 226, 298))]
        for k, (distance, angle, up) in enumerate(spots):
            size = dice.uniform(0.12, 0.16)
            ball = ellipsoid((size, size, size * 0.95), (distance, 0, height * 0.75 + up), fruit[k % 2])
            parts.append(ball.turned("z", angle + dice.uniform(-9, 9)))
    elif content == 1:
        parts.append(cylinder(curve[3][0] - wall, 0.04, (0, 0, curve[3][1]), dice.paint(), sides=32))
    elif content == 2:
        parts.append(ellipsoid((radius * 0.82, radius * 0.82, height * 0.45), (0, 0, height * 0.8), dice.pale()))
    if dice.chance(0.35):
        lug = tube(arc((radius * 0.97, 0, height - 0.05), 0.1, -90, 90, "xy"), 0.035, outside)
        parts += [lug, lug.mirrored()]
    return parts


@builtin("02801938")
def basket(dice: Dice) -> list[Part]:
    """Round with an arched handle, oblong laundry basket with two grips, or picnic hamper with a lid."""
    style, height = dice.integer(0, 2), dice.uniform(0.28, 0.42)
    cane, second, cloth = dice.wood(), dice.wood(), dice.paint()
    long = dice.uniform(1.0, 1.25) if style == 0 else dice.uniform(1.3, 1.6)
    foot, rows, power = dice.uniform(0.28, 0.36), 6, 2 if style == 0 else dice.uniform(4, 8)
    woven = partial(_oblong, power=power, size=(long, 1, 1))
    radii = foot + (0.4 - foot) * np.linspace(0, 1, rows)
    levels = height * np.linspace(0.06, 1, rows)
    inside = [(0.37, height - 0.02), (foot - 0.03, 0.05), (0, 0.05)]
    parts = [woven(revolve([(0, 0), (foot, 0), (0.4, height - 0.02), *inside], (0, 0, 0), second, sides=32))]
    weave = zip(radii, levels, strict=True)
    parts += [woven(torus(r, 0.036, (0, 0, z), (cane, second)[k % 2])) for k, (r, z) in enumerate(weave)]
    stakes = [tube([(foot + 0.025, 0, 0), (0.425, 0, height)], 0.022, cane, 6) for _ in range(16)]
    parts += [woven(s.turned("z", 22.5 * k + 11)) for k, s in enumerate(stakes)]
    if style == 0:
        rise = dice.uniform(1.6, 2.0)
        bow = arc((0, 0, height * 0.8), 0.41 * long, 0, 180, points=20)
        bow[:, 2] = height * 0.8 + (bow[:, 2] - height * 0.8) * rise
        parts.append(tube(bow, 0.035, cane))
        parts.append(
            cushion((0.5 * long, 0.5, 0.25), (0, 0, height * 0.85), cloth, 2.5)
            if dice.chance(0.5)
            else woven(cylinder(0.36, 0.03, (0, 0, 0.1), cloth))
        )
        parts.append(ellipsoid((0.07, 0.05, 0.07), (0, 0.42, height * 0.85), cloth))
        parts += [ellipsoid((0.1, 0.03, 0.06), (x, 0.43, height * 0.85), cloth) for x in (-0.11, 0.11)]
    elif style == 1:
        grip = tube(arc((0.38 * long, 0, height), 0.13, -5, 185, "yz"), 0.035, cane)
        parts += [grip, grip.mirrored()]
        folds = [(-0.22, 0.05, 0.2), (0.2, -0.08, 0.24)][: dice.integer(1, 2)]
        tones = [cloth, dice.paint()]
        parts += [
            cushion((0.5, 0.42, s), (x, y, height * 0.8), c, 3) for (x, y, s), c in zip(folds, tones, strict=False)
        ]
        parts.append(woven(cylinder(0.35, 0.03, (0, 0, height * 0.45), dice.pale())))
        parts.append(box((0.25, 0.05, 0.1), (0, 0.43, height * 0.65), cloth))
    else:
        parts.append(woven(cylinder(0.425, 0.05, (0, 0, height + 0.03), cane, sides=32)))
        parts += [box((0.08, 0.87, 0.03), (x, 0, height + 0.06), cloth) for x in (-0.3, 0.3)]
        parts += [box((0.07, 0.05, 0.16), (x, 0.43, height - 0.02), cloth) for x in (-0.3, 0.3)]
        parts.append(tube(arc((0, 0.42, height * 0.7), 0.13, 180, 360, points=10), 0.03, dice.dark()))
    return parts


@builtin("02747177")
def trash_bin(dice: Dice) -> list[Part]:
    """Wheeled bin, pedal bin or open waste-paper basket."""
    style, height = dice.integer(0, 2), dice.uniform(0.8, 1.1)
    body, dark, trim = dice.paint(), dice.dark(), dice.paint()
    if style == 0:  # wheels and handle behind, the lid overhanging in front
        wide, deep = dice.uniform(0.5, 0.65), dice.uniform(0.55, 0.7)
        parts = [taper((wide * 0.78, deep * 0.72), (wide, deep), height, (0, 0, 0.04), body, lean=(0, 0.02))]
        parts.append(box((wide + 0.07, deep + 0.07, 0.07), (0, 0.02, height + 0.02), body))
        parts.append(
            taper(
                (wide + 0.09, deep + 0.1),
                (wide * 0.95, deep * 0.9),
                0.08,
                (0, 0.04, height + 0.05),
                trim,
                lean=(0, -0.03),
            )
        )
        parts.append(tube([(-wide * 0.42, -deep * 0.62, height), (wide * 0.42, -deep * 0.62, height)], 0.04, dark))
        parts += [box((0.06, 0.18, 0.07), (x, -deep * 0.56, height), body) for x in (-wide * 0.35, wide * 0.35)]
        parts += [cylinder(0.13, 0.08, (x, -deep * 0.4, 0.13), dark, "x") for x in (-wide * 0.48, wide * 0.48)]
        parts.append(box((wide * 0.4, 0.1, height * 0.25), (0, deep * 0.46, height * 0.62), dice.pale()))
    elif style == 1:  # metal drum, domed lid, pedal to the front
        radius, coat = dice.uniform(0.27, 0.34), dice.metal() if dice.chance(0.6) else body
        parts = [
            cylinder(radius * 1.03, 0.1, (0, 0, 0.05), dark),
            cylinder(radius, height * 0.8, (0, 0, 0.1 + height * 0.4), coat),
        ]
        dome = [(radius * 1.04, 0.06), (radius * 0.8, 0.1), (radius * 0.4, 0.13), (0, 0.14)]
        top = height * 0.8 + 0.1
        parts.append(revolve([(0, 0), (radius * 1.04, 0), *dome], (0, 0, top), trim if dice.chance(0.5) else dark))
        parts.append(torus(radius, 0.025, (0, 0, top), dark))
        parts += [
            box((0.16, 0.2, 0.05), (0, radius + 0.06, 0.05), dice.metal()),
            box((0.14, 0.12, 0.12), (0, -radius, top), dark),
        ]
        parts.append(ellipsoid((0.12, 0.04, 0.12), (0, radius, top * 0.5), trim))
    else:  # open, with paper balls and a bag folded over the rim
        radius, foot, height = 0.36, dice.uniform(0.24, 0.3), height * 0.75
        wall = [(foot, 0), (radius, height), (radius - 0.03, height), (foot - 0.02, 0.04), (0, 0.04)]
        parts = [revolve([(0, 0), *wall], (0, 0, 0), body), torus(radius, 0.035, (0, 0, height), trim)]
        parts += [torus(foot + (radius - foot) * t, 0.025, (0, 0, height * t), trim) for t in (0.03, 0.35)]
        for k in range(dice.integer(4, 6)):
            ball = ellipsoid((0.14, 0.12, 0.12), (0.17 if k else 0, 0, height * 0.88 + (0 if k else 0.08)), dice.pale())
            parts.append(ball.turned("z", 72 * k + dice.uniform(-10, 10)))
        parts.append(ellipsoid((0.1, 0.05, 0.1), (0, (foot + radius) / 2 + 0.02, height * 0.62), dice.pale()))
    return parts


@builtin("02808440")
def bathtub(dice: Dice) -> list[Part]:
    """Built-in with an apron, or free-standing on feet or a plinth; taps at one end."""
    style, long, deep = dice.integer(0, 2), dice.uniform(0.8, 0.95), dice.uniform(0.38, 0.45)
    height, metal = dice.uniform(0.45, 0.6), dice.metal() if dice.chance(0.6) else (0.6, 0.4, 0.1)
    enamel, coat = dice.pale(), dice.paint() if dice.chance(0.7) else dice.pale()
    power, foot = (12, 1.0) if style == 0 else (dice.uniform(2.2, 3), dice.uniform(0.65, 0.85))
    oblong = partial(_oblong, power=power, size=(long, deep, 1))
    bottom = 0.0 if style == 0 else 0.12
    shell = [(0, bottom), (foot, bottom), (1, height), (0.86, height), (0.68, bottom + 0.1), (0, bottom + 0.08)]
    parts = [oblong(revolve(shell, (0, 0, 0), coat, sides=48))]
    lining = [(0.84, height + 0.03), (0.66, bottom + 0.13), (0, bottom + 0.11)]
    rim = [
        (0, bottom + 0.09),
        (0.7, bottom + 0.11),
        (0.88, height - 0.02),
        (1.03, height - 0.02),
        (1.03, height + 0.03),
    ]
    parts.append(oblong(revolve([*rim, *lining], (0, 0, 0), enamel, sides=48)))
    if style == 0:
        parts += [
            box((long * 0.75, 0.04, height * 0.55), (x, deep, height * 0.48), enamel) for x in (-long / 2, long / 2)
        ]
    elif style == 1:
        claws = [(x, y) for x in (-0.55, 0.55) for y in (-0.5, 0.5)]
        parts += [
            tube(
                [
                    (long * x, deep * y, 0.2),
                    (long * x * 1.2, deep * y * 1.2, 0.1),
                    (long * x * 1.2, deep * y * 1.25, 0),
                ],
                0.05,
                metal,
            )
            for x, y in claws
        ]
    else:
        parts.append(oblong(frustum(0.78, 0.66, 0.14, (0, 0, 0.07), enamel, sides=48)))
    if dice.chance(0.55):
        level = height * dice.uniform(0.55, 0.85)
        parts.append(oblong(cylinder(0.82, 0.03, (0, 0, level), (0.15, 0.45, 0.6), sides=48)))
    # taps stand on the rim at the left end, the spout over the tub
    end, z = -long * 0.95, height + 0.02
    parts.append(
        tube(
            [
                (end, 0, z),
                (end, 0, z + 0.16),
                (end + 0.06, 0, z + 0.21),
                (end + 0.22, 0, z + 0.18),
                (end + 0.25, 0, z + 0.1),
            ],
            0.035,
            metal,
        )
    )
    parts += [cylinder(0.05, 0.1, (end + 0.02, y, z + 0.05), metal) for y in (-0.15, 0.15)]
    return parts
