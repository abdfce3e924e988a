"""Built-in things that stand in a room: clock, lamp and piano."""

import numpy as np

from ..kit import Color, Part, arc, box, cylinder, ellipsoid, frustum, prism, revolve, taper, torus, tube
from ..registry import Dice, builtin


def _keys(wide: float, at: tuple[float, float, float]) -> list[Part]:
    """A keyboard `wide` across, its front edge at y = at[1]: a white bed with the black keys in twos and threes."""
    x, y, z = at
    count = 14
    step = wide / count
    black = [k for k in range(1, count) if k % 7 not in {0, 3}]
    parts = [box((wide, 0.2, 0.04), (x, y - 0.1, z), (0.85, 0.83, 0.75))]
    seams = [
        box((0.012, 0.19, 0.012), (x - wide / 2 + step * k, y - 0.1, z + 0.018), (0.1, 0.1, 0.1))
        for k in range(1, count)
    ]
    return (
        parts
        + seams
        + [
            box((step * 0.6, 0.12, 0.05), (x - wide / 2 + step * k, y - 0.14, z + 0.03), (0.01, 0.01, 0.01))
            for k in black
        ]
    )


@builtin("03928116")
def piano(dice: Dice) -> list[Part]:
    """Grand with its lid up, or upright; the keys are at the front, a stool sometimes before them."""
    body = (dice.dark(), dice.wood(), dice.pale(), dice.paint())[dice.integer(0, 3)]
    brass, felt, wide = (0.6, 0.4, 0.1), dice.paint(), dice.uniform(1.25, 1.5)
    if dice.chance(0.5):
        long, deep, low = dice.uniform(1.3, 1.9), 0.24, 0.55
        front, half = 0.3, wide / 2
        bend = [
            (half * k, -long * t)
            for k, t in ((1.0, 0.2), (0.75, 0.45), (0.3, 0.6), (0.1, 0.85), (-0.15, 0.98), (-0.55, 1.0))
        ]
        rim = [(-half, 0), (-half, -long * 0.9), *bend[::-1], (half, 0)]
        parts = [prism([(-half, 0.02), *rim[1:], (half, 0.02)], deep, (0, 0, low + deep / 2), body)]
        parts.append(prism([(x * 0.9, y * 0.93 - 0.06) for x, y in rim], 0.03, (0, 0, low + deep), brass))
        parts.append(box((wide, front, 0.12), (0, front / 2, low + 0.06), body))
        parts += [box((0.08, front, deep), (s * (half - 0.04), front / 2, low + deep / 2), body) for s in (-1, 1)]
        parts += _keys(wide - 0.18, (0, front - 0.02, low + 0.14))
        lid = prism(rim, 0.04, (half, 0, 0), body).turned("y", dice.uniform(-45, -35))
        parts.append(lid.moved((-half, -0.1, low + deep + 0.03)))
        parts.append(
            tube(
                [(half * 0.9, -long * 0.25, low + deep), (half * 0.5, -long * 0.25, low + deep + half * 0.95)],
                0.02,
                brass,
            )
        )
        parts.append(
            box((wide * 0.45, 0.03, 0.2), (0, -0.1, low + deep + 0.1), body).turned("x", 15, (0, -0.1, low + deep))
        )
        spots = [(-half + 0.1, 0.05), (half - 0.1, 0.05), (-half * 0.45, -long * 0.85)]
        parts += [frustum(0.04, 0.07, low, (x, y, low / 2), body) for x, y in spots]
        parts += [box((0.04, 0.1, 0.03), (x, 0.12, 0.06), brass) for x in (-0.1, 0.0, 0.1)]
        parts.append(box((0.3, 0.05, low), (0, 0.05, low / 2), body))
        parts = [p.mirrored() for p in parts]  # so that the long side is on the player's left
    else:
        tall, front = dice.uniform(1.05, 1.3), 0.38
        parts = [
            box((wide, 0.36, tall), (0, -0.1, tall / 2), body),
            box((wide + 0.06, 0.42, 0.05), (0, -0.09, tall + 0.02), body),
        ]
        parts.append(box((wide, front, 0.14), (0, front / 2, 0.6), body))
        parts += [box((0.08, front, 0.24), (s * (wide / 2 - 0.04), front / 2, 0.65), body) for s in (-1, 1)]
        parts += _keys(wide - 0.17, (0, front - 0.03, 0.69))
        parts += [
            taper((0.07, 0.07), (0.1, 0.1), 0.54, (s * (wide / 2 - 0.06), front - 0.07, 0), body) for s in (-1, 1)
        ]
        parts.append(box((wide * 0.7, 0.03, tall * 0.22), (0, 0.085, tall * 0.83), felt))
        music = [
            box((0.2, 0.02, 0.26), (x, 0.12, 0.86), (0.8, 0.8, 0.75)).turned("x", 12, (0, 0.12, 0.74))
            for x in (-0.11, 0.11)
        ]
        parts += [*music, box((wide * 0.5, 0.08, 0.03), (0, 0.12, 0.73), body)]
        parts += [box((0.05, 0.12, 0.03), (x, 0.12, 0.06), brass) for x in (-0.07, 0.07)]
    if dice.chance(0.5):
        seat = 0.42
        parts += [box((0.55, 0.3, 0.08), (0, 0.75, seat), felt)]
        parts += [box((0.05, 0.05, seat), (x, y, seat / 2), body) for x in (-0.24, 0.24) for y in (0.64, 0.86)]
    return parts


@builtin("03636649")
def lamp(dice: Dice) -> list[Part]:
    """Table lamp with a shade, jointed desk lamp, or arched floor lamp."""
    style, metal, shade = dice.integer(0, 2), dice.metal() if dice.chance(0.5) else dice.dark(), dice.paint()
    glow, base = (0.95, 0.85, 0.5), dice.paint() if dice.chance(0.6) else dice.wood()
    if style == 0:
        belly, tall = dice.uniform(0.14, 0.26), dice.uniform(0.5, 0.75)
        side = [
            (belly * 0.9, 0),
            (belly * 0.9, 0.05),
            (0.06, 0.1),
            (belly, tall * 0.45),
            (0.05, tall * 0.85),
            (0.04, tall + 0.1),
        ]
        if dice.chance(0.4):
            side = [(belly, 0), (belly, 0.06), (0.05, 0.1), (0.045, tall * 0.5), (0.045, tall), (0.04, tall + 0.1)]
        parts = [revolve([(0, 0), *side, (0, tall + 0.1)], (0, 0, 0), base)]
        wide, top, high = dice.uniform(0.32, 0.45), dice.uniform(0.16, 0.32), dice.uniform(0.3, 0.45)
        hood = [(wide, 0), (top, high), (top - 0.03, high), (wide - 0.03, 0)]
        closed = [
            (0, high * 0.6),
            (wide * 0.5, high * 0.6 - 0.02),
            (wide - 0.03, 0.0),
            *hood[:2],
            (top - 0.03, high),
            (0.1, high * 0.65),
            (0, high * 0.65),
        ]
        parts.append(revolve(closed, (0, 0, tall), shade))
        parts.append(torus(wide, 0.022, (0, 0, tall + 0.01), metal))
        parts.append(ellipsoid((0.1, 0.1, 0.13), (0, 0, tall + high * 0.75), glow))
        chain = tube([(0.0, wide * 0.6, tall + 0.1), (0.0, wide * 0.6, tall - 0.16)], 0.02, metal)
        return [*parts, chain, ellipsoid((0.04, 0.04, 0.04), (0, wide * 0.6, tall - 0.18), glow)]
    if style == 1:  # the lower arm leans back, the upper one forward, the head shines in front
        foot, lower, upper = dice.uniform(0.18, 0.24), dice.uniform(0.4, 0.55), dice.uniform(0.4, 0.5)
        elbow = np.array([0, -0.22, 0.06 + lower])
        head = elbow + np.array([0, upper * 0.9, upper * dice.uniform(0.2, 0.5)])
        square = dice.chance(0.4)
        plate = (
            box((foot * 2, foot * 1.6, 0.06), (0, 0, 0.03), base)
            if square
            else cylinder(foot, 0.06, (0, 0, 0.03), base)
        )
        parts = [plate, tube([(0, 0, 0.05), elbow], 0.028, metal), tube([elbow, head], 0.028, metal)]
        parts += [cylinder(0.05, 0.09, p, base, "x") for p in (elbow, head)]
        tilt = dice.uniform(10, 40)
        cone = revolve([(0, 0), (0.18, -0.14), (0.21, -0.14), (0.1, 0.06), (0.06, 0.17), (0, 0.17)], (0, 0, 0), shade)
        bulb = ellipsoid((0.09, 0.09, 0.09), (0, 0, -0.06), glow)
        parts += [p.turned("x", tilt).moved(head).moved((0, 0.1, -0.05)) for p in (cone, bulb)]
        return [*parts, cylinder(0.035, 0.05, (foot * 0.5, foot * 0.5, 0.07), shade)]
    tall, reach = dice.uniform(1.2, 1.5), dice.uniform(0.3, 0.45)
    parts = [cylinder(0.2, 0.06, (0, 0, 0.03), base), tube([(0, 0, 0.05), (0, 0, tall)], 0.03, metal)]
    if dice.chance(0.5):
        bow = arc((0, reach / 2, tall), reach / 2, 180, 0, "yz", 14)
        parts.append(tube(bow, 0.03, metal))
        hood = [(0.24, -0.1), (0.21, 0.06), (0.06, 0.14), (0, 0.14)]
        parts.append(revolve([(0, -0.02), (0.2, -0.1), *hood], (0, reach, tall - 0.1), shade))
        return [*parts, ellipsoid((0.13, 0.13, 0.12), (0, reach, tall - 0.17), glow)]
    for turn in (0, 120, 240)[: dice.integer(2, 3)]:
        branch = [tube([(0, 0, tall - 0.2), (0, 0.16, tall - 0.1), (0, 0.28, tall + 0.02)], 0.025, metal)]
        branch.append(revolve([(0, 0), (0.06, 0), (0.16, 0.2), (0.13, 0.2), (0, 0.08)], (0, 0.3, tall), shade))
        branch.append(ellipsoid((0.09, 0.09, 0.09), (0, 0.3, tall + 0.15), glow))
        parts += [p.turned("z", turn) for p in branch]
    return [*parts, box((0.08, 0.05, 0.1), (0, 0.03, tall * 0.55), base)]


def _dial(dice: Dice, radius: float, at: tuple[float, float, float], ink: Color, face: Color) -> list[Part]:
    """A clock face towards +y: disc, hour marks (12, 3, 6 and 9 longer) and two hands."""
    x, y, z = at
    parts = [cylinder(radius, 0.04, (x, y, z), face, "y", 32)]
    for hour in range(12):
        size = (0.05, 0.02, 0.14) if hour % 3 == 0 else (0.03, 0.02, 0.07)
        mark = box([radius * s if k != 1 else s for k, s in enumerate(size)], (x, y + 0.025, z + radius * 0.82), ink)
        parts.append(mark.turned("y", 30 * hour, at))
    hands = (dice.uniform(0, 360), radius * 0.5, 0.09), (dice.uniform(0, 360), radius * 0.75, 0.06)
    for k, (angle, long, thick) in enumerate(hands):
        hand = box((radius * thick, 0.015, long), (x, y + 0.04 + 0.012 * k, z + long / 2 - 0.02), ink)
        parts.append(hand.turned("y", angle, at))
    return [*parts, cylinder(radius * 0.08, 0.05, (x, y + 0.045, z), ink, "y")]


@builtin("03046257")
def clock(dice: Dice) -> list[Part]:
    """Wall clock, alarm clock with bells, mantel clock or longcase clock with a pendulum."""
    style, case, metal = dice.integer(0, 3), dice.wood() if dice.chance(0.5) else dice.paint(), (0.6, 0.42, 0.12)
    ink, face = (dice.dark(), dice.pale()) if dice.chance(0.75) else (dice.pale(), dice.dark())
    if dice.chance(0.4):
        metal = dice.metal()
    if style == 0:
        radius = dice.uniform(0.4, 0.5)
        dial = _dial(dice, radius * 0.92, (0, 0.03, 0), ink, face)
        if dice.chance(0.35):
            return [box((radius * 2.2, 0.12, radius * 2.2), (0, -0.04, 0), case), *dial]
        return [
            cylinder(radius, 0.08, (0, -0.02, 0), case, "y", 32),
            torus(radius, dice.uniform(0.035, 0.07), (0, 0.01, 0), case, "y", 32),
            *dial,
        ]
    if style == 1:
        radius, paint = 0.35, dice.paint()
        parts = [
            cylinder(radius, 0.24, (0, -0.08, 0), paint, "y", 32),
            torus(radius, 0.035, (0, 0.04, 0), metal, "y", 32),
        ]
        parts += _dial(dice, radius * 0.93, (0, 0.035, 0), ink, face)
        bell = revolve([(0, 0), (0.15, 0), (0.13, 0.07), (0.06, 0.12), (0, 0.13)], (0, -0.08, radius + 0.03), metal)
        parts += [bell.turned("y", a, (0, -0.08, 0)) for a in (-36, 36)]
        leg = tube([(0, -0.08, -radius + 0.05), (0, -0.08, -radius - 0.12)], 0.035, metal)
        parts += [leg.turned("y", a, (0, -0.08, 0)) for a in (-35, 35)]
        parts += [
            tube([(0, -0.08, radius - 0.02), (0, -0.08, radius + 0.13)], 0.022, ink),
            ellipsoid((0.06, 0.04, 0.04), (0, -0.08, radius + 0.14), ink),
        ]
        if dice.chance(0.6):
            parts.append(tube(arc((0, -0.08, radius + 0.06), 0.2, 10, 170), 0.025, metal))
        return [
            *parts,
            cylinder(0.05, 0.06, (0.12, -0.23, 0), metal, "y"),
            cylinder(0.05, 0.06, (-0.12, -0.23, 0), metal, "y"),
        ]
    if style == 2:
        radius, wide = 0.28, dice.uniform(0.4, 0.55)
        parts = [box((wide * 2.3, 0.4, 0.1), (0, 0, -0.4), case)]
        if dice.chance(0.5):  # round-topped, or a gable on columns
            parts.append(
                prism(
                    [(-wide, -0.36), (wide, -0.36), *arc((0, 0, 0), wide, 0, 180)[:, [0, 2]]], 0.3, (0, 0, 0), case, "y"
                )
            )
        else:
            parts.append(box((wide * 1.7, 0.28, 0.72), (0, 0, 0), case))
            parts.append(prism([(-wide * 1.1, 0), (wide * 1.1, 0), (0, 0.3)], 0.4, (0, 0, 0.35), case, "y"))
            parts += [cylinder(0.05, 0.7, (x, 0.14, 0), metal) for x in (-wide * 0.9, wide * 0.9)]
        return [*parts, torus(radius, 0.03, (0, 0.16, 0), metal, "y"), *_dial(dice, radius, (0, 0.16, 0), ink, face)]
    wide, tall = dice.uniform(0.3, 0.38), dice.uniform(1.3, 1.6)
    parts = [
        box((wide * 1.4, 0.32, 0.28), (0, 0, 0.14), case),
        box((wide, 0.24, tall - 0.6), (0, 0, 0.28 + (tall - 0.6) / 2), case),
    ]
    parts += [box((wide * 1.45, 0.32, 0.46), (0, 0, tall - 0.1), case)]
    roof = [(-wide * 0.8, 0), (wide * 0.8, 0), (wide * 0.5, 0.08), (0, 0.22), (-wide * 0.5, 0.08)]
    parts.append(prism(roof, 0.36, (0, 0, tall + 0.13), case, "y"))
    parts.append(box((wide * 0.68, 0.02, tall - 0.8), (0, 0.12, 0.34 + (tall - 0.7) / 2), dice.dark()))
    parts.append(box((0.03, 0.03, tall - 1.0), (0, 0.14, 0.5 + (tall - 0.9) / 2), metal))
    parts.append(cylinder(0.085, 0.04, (0, 0.145, 0.52), metal, "y"))
    return parts + _dial(dice, min(0.21, wide * 0.62), (0, 0.165, tall - 0.1), ink, face)
