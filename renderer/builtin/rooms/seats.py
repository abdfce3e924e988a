"""Built-in classes to sit on: bench, chair and sofa."""

import numpy as np

from ..kit import Color, Part, Vec, box, cushion, cylinder, taper, torus, tube
from ..registry import Dice, builtin


def legs(wide: float, deep: float, top: float, radius: float, splay: float, color: Color) -> list[Part]:
    """Four round legs under the corners of a rectangle, their feet `splay` further out."""
    ends = [(x, y) for x in (-1, 1) for y in (-1, 1)]
    return [
        tube([(x * (wide + splay), y * (deep + splay), 0), (x * wide, y * deep, top)], radius, color) for x, y in ends
    ]


def stuffed(size: Vec, at: Vec, color: Color, pinch: float = 0.12) -> Part:
    """A stuffed square: thick in the middle, thin at the seam, drawn in between its four corners."""
    part = cushion((2, 2, 2), (0, 0, 0), color, 12)
    x, y, z = part.vertices.T
    fill = np.sqrt(np.clip((1.02 - x**4) * (1.02 - y**4), 0.01, 1))
    flat = np.column_stack([x * (1 - pinch * (1 - y * y)), y * (1 - pinch * (1 - x * x)), z * fill])
    return Part(flat, part.faces, color).scaled(np.asarray(size, float) / 2).moved(at)


@builtin("03001627")
def chair(dice: Dice) -> list[Part]:
    """Dining chair, office swivel chair, armchair or bar stool."""
    style, wood, cloth, metal = (0, 0, 0, 1, 2, 3)[dice.integer(0, 5)], dice.wood(), dice.paint(), dice.metal()
    wide, deep, seat = dice.uniform(0.42, 0.5), dice.uniform(0.42, 0.48), dice.uniform(0.42, 0.5)
    if style == 0:
        frame, rise = wood if dice.chance(0.6) else dice.paint(), dice.uniform(0.42, 0.62)
        parts = legs(wide / 2 - 0.05, deep / 2 - 0.05, seat, 0.026, dice.uniform(0, 0.05), frame)
        parts.append(box((wide, deep, 0.045), (0, 0, seat), frame))
        parts.append(cushion((wide * 0.9, deep * 0.9, 0.07), (0, 0.01, seat + 0.04), cloth, 6))
        posts = [
            box((0.045, 0.04, rise), (x, -deep / 2 + 0.02, seat + rise / 2), frame)
            for x in (-wide / 2 + 0.02, wide / 2 - 0.02)
        ]
        back = [box((wide, 0.05, 0.1), (0, -deep / 2 + 0.02, seat + rise - 0.04), frame)]
        if dice.chance(0.5):
            slats, inner = dice.integer(3, 5), wide - 0.14
            xs = np.linspace(-inner / 2, inner / 2, slats)
            back += [box((0.035, 0.028, rise), (x, -deep / 2 + 0.02, seat + rise / 2), frame) for x in xs]
        else:
            rows = dice.integer(1, 2)
            back += [
                box(
                    (wide - 0.06, 0.03, rise * 0.3 / rows), (0, -deep / 2 + 0.02, seat + rise * (0.3 + 0.35 * k)), cloth
                )
                for k in range(rows)
            ]
        return parts + [p.turned("x", 6, (0, -deep / 2, seat)) for p in (*posts, *back)]
    if style == 1:
        dark = dice.dark()
        foot = tube([(0, 0, 0.11), (0, 0.3, 0.06)], 0.03, metal)
        wheel = cylinder(0.045, 0.05, (0, 0.3, 0.045), dark, "x", 12)
        parts = [p.turned("z", 72 * k) for k in range(5) for p in (foot, wheel)]
        parts.append(cylinder(0.035, seat - 0.1, (0, 0, seat / 2 + 0.05), dark))
        parts.append(cushion((wide + 0.05, deep + 0.05, 0.12), (0, 0, seat + 0.03), cloth))
        rise = dice.uniform(0.45, 0.7)
        back = [tube([(0, -0.1, seat), (0, -deep / 2 - 0.08, seat), (0, -deep / 2 - 0.07, seat + 0.3)], 0.03, dark)]
        back.append(cushion((wide, 0.1, rise), (0, -deep / 2 - 0.02, seat + 0.16 + rise / 2), cloth))
        if dice.chance(0.5):
            back.append(cushion((0.26, 0.1, 0.16), (0, -deep / 2 - 0.02, seat + rise + 0.28), dark))
        parts += [p.turned("x", 8, (0, -deep / 2, seat)) for p in back]
        if dice.chance(0.7):
            z = seat + 0.24
            arm = [
                tube(
                    [(wide / 2, -0.02, seat), (wide / 2 + 0.06, -0.02, seat + 0.05), (wide / 2 + 0.06, -0.02, z)],
                    0.025,
                    dark,
                )
            ]
            arm.append(box((0.07, 0.28, 0.04), (wide / 2 + 0.06, 0, z), dark))
            parts += [*arm, *(p.mirrored() for p in arm)]
        return parts
    if style == 2:
        wide, deep, seat, thick = wide * 1.3, deep * 1.35, 0.36, dice.uniform(0.12, 0.17)
        rise, trim = dice.uniform(0.4, 0.55), dice.paint()
        parts = legs(wide / 2, deep / 2 - 0.06, 0.15, 0.03, 0.02, wood)
        parts.append(cushion((wide + 0.1, deep, 0.2), (0, 0, 0.22), cloth, 8))
        parts.append(cushion((wide, deep * 0.85, 0.15), (0, 0.05, seat), trim))
        parts.append(
            cushion((wide + 0.12, 0.17, rise + 0.25), (0, -deep / 2, seat + rise / 2 - 0.06), cloth).turned(
                "x", 7, (0, -deep / 2, 0.2)
            )
        )
        parts += [cushion((thick, deep, 0.4), (x, 0, 0.36), cloth, 5) for x in (-wide / 2 - 0.05, wide / 2 + 0.05)]
        return [
            *parts,
            stuffed((0.34, 0.34, 0.14), (0, 0, 0), dice.pale()).turned("x", 75).moved((0, -0.14, seat + 0.2)),
        ]
    seat, radius = dice.uniform(0.62, 0.8), dice.uniform(0.2, 0.24)
    parts = legs(0.11, 0.11, seat, 0.026, 0.09, wood if dice.chance(0.5) else metal)
    parts += [torus(0.21, 0.018, (0, 0, seat * 0.35), metal), cylinder(radius, 0.05, (0, 0, seat), wood)]
    parts.append(cushion((radius * 1.9, radius * 1.9, 0.09), (0, 0, seat + 0.05), cloth, 2.6))
    high = seat + dice.uniform(0.2, 0.32)
    parts += [tube([(x, -radius * 0.8, seat), (x, -radius, high)], 0.02, metal) for x in (-0.1, 0.1)]
    return [*parts, cushion((0.36, 0.07, 0.13), (0, -radius, high), cloth)]


@builtin("04256520")
def sofa(dice: Dice) -> list[Part]:
    """Straight with one to three seats, or with a chaise longue; square or round arms."""
    seats, cloth, feet = dice.integer(2, 3), dice.paint(), dice.wood() if dice.chance(0.5) else dice.metal()
    seam = cloth if dice.chance(0.4) else dice.paint()
    wide, deep, rise = 0.6 * seats, dice.uniform(0.7, 0.85), dice.uniform(0.3, 0.45)
    arm, tall = dice.uniform(0.14, 0.22), dice.uniform(0.5, 0.6)
    parts = legs(wide / 2, deep / 2 - 0.1, 0.16, 0.035, 0.02, feet)
    parts.append(cushion((wide + arm, deep, 0.22), (0, 0, 0.22), cloth, 10, cuts=2))
    parts.append(cushion((wide + 2 * arm, 0.22, rise + 0.42), (0, -deep / 2, 0.34 + rise / 2), cloth, 7, cuts=2))
    centres = 0.6 * (np.arange(seats) - (seats - 1) / 2)
    parts += [cushion((0.6, deep * 0.9, 0.17), (x, 0.08, 0.39), seam, 5, cuts=2) for x in centres]
    parts += [
        cushion((0.58, 0.2, rise + 0.08), (x, -deep / 2 + 0.17, 0.5 + rise / 2), seam, 4, cuts=2).turned(
            "x", 8, (0, -deep / 2, 0.4)
        )
        for x in centres
    ]
    for x in (-(wide + arm) / 2, (wide + arm) / 2):
        parts.append(cushion((arm, deep, tall - 0.12), (x, 0.02, 0.12 + (tall - 0.12) / 2), cloth, 10, cuts=2))
        if arm > 0.18:  # rolled
            parts.append(cylinder(arm * 0.6, deep, (x, 0.02, tall), cloth, "y"))
    if dice.chance(0.35):
        side = centres[0] if dice.chance(0.5) else centres[-1]
        parts.append(cushion((0.62, 0.6, 0.22), (side, deep / 2 + 0.2, 0.22), cloth, 10, cuts=2))
        parts.append(cushion((0.6, 0.7, 0.17), (side, deep / 2 + 0.17, 0.4), seam, 5, cuts=2))
    throw = stuffed((0.36, 0.36, 0.15), (0, 0, 0), dice.pale() if dice.chance(0.5) else dice.paint()).turned("x", 68)
    parts.append(throw.turned("y", 20).moved((centres[0], -deep * 0.1, 0.62)))
    return parts


@builtin("02828884")
def bench(dice: Dice) -> list[Part]:
    """Park bench with iron sides, plank bench on trestles, or a block bench with a planter's pale ends."""
    style, wood, iron = dice.integer(0, 2), dice.wood(), dice.dark() if dice.chance(0.6) else dice.paint()
    wide, deep, seat = dice.uniform(1.1, 1.7), dice.uniform(0.34, 0.44), dice.uniform(0.4, 0.46)
    if style == 0:
        slats, rise, ends = dice.integer(3, 4), dice.uniform(0.34, 0.45), wide / 2 - 0.12
        plank = deep / slats
        parts = [
            box((wide, plank * 0.8, 0.04), (0, -deep / 2 + plank * (k + 0.5), seat + 0.02), wood) for k in range(slats)
        ]
        back = [
            box((wide, 0.04, rise / 3 * 0.8), (0, -deep / 2, seat + 0.08 + rise / 3 * (k + 0.5)), wood)
            for k in range(3)
        ]
        for x in (-ends, ends):
            back.append(box((0.06, 0.05, rise + 0.1), (x, -deep / 2 - 0.04, seat + rise / 2), iron))
            parts += [box((0.06, 0.05, seat), (x, y, seat / 2), iron) for y in (-deep / 2 + 0.02, deep / 2 - 0.04)]
            parts.append(box((0.06, deep, 0.05), (x, 0, seat - 0.02), iron))
            arm = [
                (x, deep / 2 - 0.03, seat),
                (x, deep / 2 - 0.03, seat + 0.16),
                (x, deep / 2 - 0.1, seat + 0.22),
                (x, -deep / 2, seat + 0.22),
            ]
            parts.append(tube(arm, 0.03, iron))
        return parts + [p.turned("x", 12, (0, -deep / 2, seat)) for p in back]
    if style == 1:
        parts = [box((wide, deep * 0.47, 0.06), (0, y, seat), wood) for y in (-deep * 0.25, deep * 0.25)]
        ends = wide / 2 - 0.18
        parts += [
            tube([(x, y * 1.25, 0), (x, y * 0.7, seat - 0.02)], 0.035, iron)
            for x in (-ends, ends)
            for y in (-deep / 2, deep / 2)
        ]
        parts += [
            box((2 * ends, 0.06, 0.06), (0, 0, seat * 0.45), iron),
            box((0.07, deep * 0.9, 0.05), (ends, 0, seat - 0.05), iron),
        ]
        parts += [box((0.07, deep * 0.9, 0.05), (-ends, 0, seat - 0.05), iron)]
        pads = dice.integer(1, 3)
        xs = wide / pads * (np.arange(pads) - (pads - 1) / 2)
        pad = dice.paint()
        parts += [cushion((wide / pads * 0.85, deep * 0.9, 0.09), (x, 0.02, seat + 0.07), pad, 6) for x in xs]
        return [*parts, box((wide * 0.3, 0.02, 0.05), (0, deep * 0.49, seat), iron)]
    stone, rise = dice.pale(), dice.uniform(0.25, 0.45)
    parts = [
        taper((0.22, deep * 1.05), (0.17, deep * 0.9), seat - 0.02, (x, 0, 0), stone)
        for x in (-wide * 0.36, wide * 0.36)
    ]
    parts.append(box((wide, deep, 0.09), (0, 0, seat), wood if dice.chance(0.5) else dice.paint()))
    slab = box((wide * 0.92, 0.09, rise), (0, -deep / 2 + 0.06, seat + 0.08 + rise / 2), stone)
    return [*parts, slab, box((wide * 0.5, 0.02, rise * 0.35), (0, -deep / 2 + 0.11, seat + 0.1 + rise / 2), iron)]
