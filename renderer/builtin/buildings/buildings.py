"""Built-in classes that stand outdoors: birdhouse, mailbox and tower."""

import numpy as np

from ..kit import Color, Part, arc, box, cylinder, ellipsoid, frustum, prism, revolve, torus, tube
from ..registry import Dice, builtin


def _gable(
    wide: float, deep: float, rise: float, thick: float, at: tuple[float, float, float], color: Color
) -> list[Part]:
    """Two roof boards that meet in a ridge along y; `at` is the middle of the eaves."""
    slope = np.degrees(np.arctan2(rise, wide / 2))
    long = float(np.hypot(rise, wide / 2)) + 0.08
    board = box((long, deep, thick), (long / 2 - 0.02, 0, 0), color).turned("y", slope).moved((0, 0, rise + thick / 2))
    return [p.moved(at) for p in (board, board.mirrored())]


@builtin("02843684")
def birdhouse(dice: Dice) -> list[Part]:
    """Gabled box, tent-shaped house or round house with a cone roof; on a post, hanging or standing."""
    style, wall, roof, trim = (
        dice.integer(0, 2),
        dice.wood() if dice.chance(0.5) else dice.paint(),
        dice.paint(),
        dice.pale(),
    )
    wide, deep, tall = dice.uniform(0.5, 0.65), dice.uniform(0.45, 0.6), dice.uniform(0.5, 0.75)
    hole, dark = dice.uniform(0.09, 0.13), (0.01, 0.008, 0.006)
    if style == 0:
        rise = dice.uniform(0.2, 0.38)
        outline = [(-wide / 2, 0), (wide / 2, 0), (wide / 2, tall), (0, tall + rise), (-wide / 2, tall)]
        parts = [
            prism(outline, deep, (0, 0, 0), wall, "y"),
            *_gable(wide, deep + 0.2, rise, 0.05, (0, 0.03, tall), roof),
        ]
        face, middle, peak = deep / 2, tall * 0.68, tall + rise
        if dice.chance(0.4):
            parts += [box((0.1, 0.03, 0.12), (x, face, tall * 0.25), trim) for x in (-wide * 0.28, wide * 0.28)]
    elif style == 1:
        rise, wide = tall * 1.25, wide * 1.35
        parts = [prism([(-wide / 2, 0), (wide / 2, 0), (0, rise)], deep, (0, 0, 0.03), wall, "y")]
        parts += _gable(wide, deep + 0.18, rise, 0.055, (0, 0.03, 0.03), roof)
        face, middle, peak = deep / 2, rise * 0.4, rise
    else:
        radius = wide * 0.5
        parts = [cylinder(radius, tall, (0, 0, tall / 2), wall)]
        parts += [torus(radius, 0.025, (0, 0, tall * t), trim) for t in (0.1, 0.9)]
        parts.append(frustum(radius * 1.4, 0.0, dice.uniform(0.35, 0.6), (0, 0, tall + 0.2), roof))
        face, middle, peak = radius - 0.01, tall * 0.6, tall + 0.4
    parts += [
        cylinder(hole, 0.06, (0, face, middle), dark, "y"),
        torus(hole, 0.03, (0, face + 0.02, middle), trim, "y"),
    ]
    parts.append(tube([(0, face - 0.05, middle - hole - 0.09), (0, face + 0.2, middle - hole - 0.09)], 0.028, trim))
    parts.append(box((wide + 0.12, deep + 0.22, 0.05), (0, 0.04, 0.0), roof if dice.chance(0.5) else trim))
    mount = dice.integer(0, 2)
    if mount == 0:
        post = dice.uniform(0.5, 1.0)
        parts.append(box((0.1, 0.1, post), (0, 0, -post / 2), dice.wood()))
        if dice.chance(0.5):
            parts.append(cylinder(0.25, 0.05, (0, 0, -post), dice.wood()))
    elif mount == 1:
        parts.append(torus(0.09, 0.024, (0, 0, peak + 0.12), dice.metal(), "y", 16))
    if dice.chance(0.5):  # a bird on the perch
        z, bird = middle - hole - 0.0, dice.paint()
        parts += [
            ellipsoid((0.06, 0.09, 0.06), (0, face + 0.17, z), bird),
            ellipsoid((0.045, 0.045, 0.045), (0, face + 0.24, z + 0.07), bird),
        ]
        parts.append(frustum(0.022, 0, 0.06, (0, face + 0.31, z + 0.065), (0.8, 0.35, 0.02), "y", 8))
    return parts


@builtin("03710193")
def mailbox(dice: Dice) -> list[Part]:
    """Roadside box with a flag, street collection box, pillar box or wall box with a slanting lid."""
    style, body, flag, metal = dice.integer(0, 3), dice.paint(), (0.7, 0.03, 0.02), dice.metal()
    dark, paper = dice.dark(), dice.pale()
    if style == 0:
        half, long, wall, post = (
            dice.uniform(0.17, 0.24),
            dice.uniform(0.6, 0.8),
            dice.uniform(0.14, 0.22),
            dice.uniform(0.5, 1.0),
        )
        if dice.chance(0.3):
            body = metal
        arch = [(-half, 0), (half, 0), *(arc((0, 0, wall), half, 0, 180)[:, [0, 2]])]
        door = [(x * 1.06, z * 1.04 - 0.01) for x, z in arch]
        parts = [prism(arch, long, (0, 0, 0), body, "y"), prism(door, 0.05, (0, long / 2, 0), dice.paint(), "y")]
        parts.append(prism(door, 0.04, (0, -long / 2, 0), body, "y"))
        parts += [
            box((0.06, 0.07, 0.09), (0, long / 2 + 0.04, wall + half * 0.75), metal),
            box((half, 0.03, 0.08), (0, long / 2 + 0.02, wall * 0.7), paper),
        ]
        up = 90 if dice.chance(0.6) else 0
        arm = [
            box((0.03, 0.34, 0.05), (half + 0.03, -0.15, wall), flag),
            box((0.03, 0.14, 0.14), (half + 0.03, -0.3, wall + 0.06), flag),
        ]
        parts += [p.turned("x", -up, (half, 0, wall)) for p in arm]
        parts += [
            box((0.12, 0.12, post), (0, -0.05, -post / 2), dice.wood()),
            box((half * 1.7, long * 0.85, 0.05), (0, 0, -0.02), dice.wood()),
        ]
        return parts
    if style == 1:  # rounded over the top from front to back, a pull-down chute in front
        wide, deep, tall = dice.uniform(0.5, 0.65), dice.uniform(0.46, 0.56), dice.uniform(0.65, 0.85)
        side = [(-deep / 2, 0), (deep / 2, 0), *(arc((0, 0, tall), deep / 2, 0, 180, "yz")[:, 1:])]
        parts = [prism(side, wide, (0, 0, 0.2), body, "x")]
        parts += [
            box((0.08, 0.08, 0.22), (x, y, 0.1), body)
            for x in (-wide * 0.42, wide * 0.42)
            for y in (-deep * 0.4, deep * 0.4)
        ]
        chute = [
            box((wide * 0.8, 0.04, deep * 0.36), (0, deep / 2, 0), dark),
            box((wide * 0.5, 0.08, 0.05), (0, deep / 2 + 0.03, 0.05), metal),
        ]
        parts += [p.turned("x", 32).moved((0, 0, tall + 0.2)) for p in chute]
        parts.append(box((wide * 0.75, 0.03, tall * 0.3), (0, deep / 2, 0.2 + tall * 0.62), paper))
        parts.append(
            box(
                (wide * 0.6, 0.03, 0.05),
                (0, deep / 2 + 0.02, 0.2 + tall * 0.62),
                flag if dice.chance(0.5) else dice.paint(),
            )
        )
        parts.append(box((wide * 0.75, 0.03, tall * 0.34), (0, deep / 2 + 0.005, 0.2 + tall * 0.24), dark))
        return parts
    if style == 2:
        body = flag if dice.chance(0.5) else body
        radius, tall = dice.uniform(0.22, 0.28), dice.uniform(0.95, 1.25)
        parts = [cylinder(radius * 1.12, 0.14, (0, 0, 0.07), dark), cylinder(radius, tall, (0, 0, tall / 2), body)]
        parts.append(
            revolve(
                [
                    (0, 0),
                    (radius * 1.18, 0),
                    (radius * 1.18, 0.06),
                    (radius * 0.9, 0.12),
                    (radius * 0.4, 0.18),
                    (0, 0.19),
                ],
                (0, 0, tall),
                body,
            )
        )
        parts.append(torus(radius * 1.05, 0.03, (0, 0, tall - 0.05), body))
        parts += [
            box((radius * 1.1, 0.12, 0.055), (0, radius * 0.9, tall * 0.84), (0.005, 0.005, 0.005)),
            box((radius * 0.8, 0.1, tall * 0.16), (0, radius * 0.93, tall * 0.66), paper),
        ]
        parts += [
            box((radius * 1.2, 0.12, tall * 0.42), (0, radius * 0.82, tall * 0.34), body),
            cylinder(0.035, 0.05, (radius * 0.4, radius * 1.08, tall * 0.36), metal, "y", 12),
        ]
        return parts
    wide, deep, tall = dice.uniform(0.55, 0.75), 0.26, dice.uniform(0.6, 0.85)
    lid = body if dice.chance(0.4) else dice.paint()
    side = [(-deep / 2, 0), (deep / 2, 0), (deep / 2, tall * 0.8), (-deep / 2, tall)]
    parts = [prism(side, wide, (0, 0, 0), body, "x")]
    slope = -np.degrees(np.arctan2(tall * 0.2, deep))
    parts.append(
        box((wide + 0.08, deep * 1.25, 0.05), (0, 0.0, tall * 0.9 + 0.03), lid).turned("x", slope, (0, 0, tall * 0.9))
    )
    parts.append(box((wide * 0.7, 0.04, 0.06), (0, deep / 2, tall * 0.66), (0.005, 0.005, 0.005)))
    parts += [
        box((wide * 0.45, 0.03, tall * 0.13), (0, deep / 2 + 0.005, tall * 0.47), paper),
        cylinder(0.035, 0.05, (0, deep / 2 + 0.01, tall * 0.3), metal, "y", 12),
    ]
    if dice.chance(0.5):  # newspaper rolled up in the holder below
        parts += [tube(arc((x, 0, -0.02), 0.11, 180, 360, "yz"), 0.022, dark) for x in (-wide * 0.25, wide * 0.25)]
        parts.append(cylinder(0.085, wide * 0.95, (0, 0, -0.02), paper, "x"))
    if dice.chance(0.6):
        letter = box((wide * 0.5, 0.02, 0.22), (0.02, deep / 2 + 0.05, tall * 0.72), dice.pale())
        parts.append(letter.turned("x", -20, (0, deep / 2, tall * 0.66)))
    return parts
