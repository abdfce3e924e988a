"""The built-in bed and pillow."""

import numpy as np

from ..kit import Part, box, cushion, ellipsoid, frustum, revolve, torus, tube
from ..registry import Dice, builtin
from .seats import stuffed


@builtin("02818832")
def bed(dice: Dice) -> list[Part]:
    """Single or double, bunk bed or four-poster; the head is at the back."""
    style, long = dice.integer(0, 3), dice.uniform(1.9, 2.1)
    wide = dice.uniform(0.9, 1.1) if style in {0, 2} else dice.uniform(1.4, 1.8)
    frame, cover, sheet_tone = dice.wood() if dice.chance(0.6) else dice.paint(), dice.paint(), dice.pale()
    band, base = dice.paint(), dice.uniform(0.25, 0.4)

    def berth(z: float) -> list[Part]:
        made = [box((wide, long, 0.12), (0, 0, z), frame)]
        made.append(cushion((wide * 0.95, long * 0.96, 0.24), (0, 0, z + 0.16), sheet_tone, 10, cuts=2))
        made.append(cushion((wide * 1.02, long * 0.66, 0.26), (0, long * 0.165, z + 0.19), cover, 9, cuts=2))
        made.append(cushion((wide * 1.03, long * 0.14, 0.27), (0, -long * 0.12, z + 0.195), band, 9, cuts=2))
        heads = [0.0] if wide < 1.2 else [-wide / 4, wide / 4]
        size = (wide * (0.7 if wide < 1.2 else 0.42), 0.4, 0.2)
        return made + [
            stuffed(size, (x, -long / 2 + 0.3, z + 0.34), sheet_tone, 0.06).turned("x", 8, (0, -long / 2, z))
            for x in heads
        ]

    corners = [(x, y) for x in (-wide / 2, wide / 2) for y in (-long / 2, long / 2)]
    parts = berth(base)
    if style in {0, 1}:
        rise = dice.uniform(0.45, 0.75)
        parts += [box((0.09, 0.09, base), (x * 0.92, y * 0.95, base / 2), frame) for x, y in corners]
        if dice.chance(0.5):
            parts.append(
                cushion((wide + 0.1, 0.14, rise + base), (0, -long / 2, (rise + base) / 2 + 0.1), band, 6, cuts=2)
            )
        else:
            parts.append(box((wide + 0.1, 0.08, rise + base), (0, -long / 2 - 0.02, (rise + base) / 2 + 0.1), frame))
            parts.append(box((wide * 0.8, 0.04, rise * 0.4), (0, -long / 2 + 0.02, base + rise * 0.75), dice.wood()))
        if dice.chance(0.6):
            parts.append(box((wide + 0.1, 0.08, base + 0.2), (0, long / 2 + 0.02, base / 2 + 0.1), frame))
        return parts
    tall = 1.5 if style == 2 else dice.uniform(1.5, 1.8)
    parts += [box((0.09, 0.09, tall), (x, y, tall / 2), frame) for x, y in corners]
    if style == 2:  # bunk: second berth, rail and a ladder in front
        parts += [*berth(base + 0.75), box((0.05, long * 0.6, 0.08), (wide / 2, -long * 0.15, tall - 0.04), frame)]
        parts += [box((0.05, long, 0.08), (-wide / 2, 0, tall - 0.04), frame)]
        parts += [tube([(x, long / 2 + 0.2, 0), (x, long / 2 + 0.06, tall - 0.1)], 0.03, band) for x in (-0.2, 0.2)]
        return parts + [
            tube([(-0.2, long / 2 + 0.19 - 0.1 * z, z), (0.2, long / 2 + 0.19 - 0.1 * z, z)], 0.028, band)
            for z in (0.3, 0.6, 0.9, 1.2)
        ]
    for axis, reach in (((0.07, long, 0.07), wide / 2), ((wide, 0.07, 0.07), long / 2)):
        shift = (1, 0) if axis[1] == long else (0, 1)
        parts += [box(axis, (shift[0] * reach * s, shift[1] * reach * s, tall - 0.05), frame) for s in (-1, 1)]
    parts.append(box((wide, 0.06, 0.9), (0, -long / 2, 0.6), frame))
    # curtains tied to the two posts at the head
    drape = frustum(0.16, 0.07, tall * 0.85, (wide / 2, -long / 2 + 0.05, tall * 0.5), cover, sides=10)
    return [*parts, drape, drape.mirrored(), box((wide, 0.04, 0.16), (0, -long / 2 + 0.05, tall - 0.12), cover)]


@builtin("03938244")
def pillow(dice: Dice) -> list[Part]:
    """Square throw pillow with piping, bed pillow in an open slip, bolster or round pillow with a button."""
    style, trim = (0, 0, 1, 1, 2, 3)[dice.integer(0, 5)], dice.paint()
    cloth = dice.paint() if dice.chance(0.7) else dice.pale()
    wide, thick = dice.uniform(0.8, 1.0), dice.uniform(0.28, 0.4)
    if style == 0:
        pinch = dice.uniform(0.08, 0.16)
        body = stuffed((wide, wide, thick), (0, 0, 0), cloth, pinch)
        t = np.linspace(-1, 1, 13)
        side = np.column_stack([t, 1 - pinch * (1 - t * t), 0 * t]) * wide / 2
        piping = [tube(side, 0.025, trim).turned("z", 90 * k) for k in range(4)]
        if dice.chance(0.5):  # a wide stripe across, nearer to the front
            stripe = stuffed((wide * 1.0, wide * 0.22, thick), (0, 0, 0), trim, 0)
            mask = body.scaled((1.005, 0.25, 1.04)).moved((0, wide * 0.14, 0))
            return [body, *piping, Part(mask.vertices, mask.faces, stripe.color)]
        tassels = [
            ellipsoid((0.06, 0.06, 0.05), (x, y, 0), trim) for x in (-wide / 2, wide / 2) for y in (-wide / 2, wide / 2)
        ]
        return [
            body,
            *piping,
            *tassels,
            ellipsoid((wide * 0.14, wide * 0.14, 0.04), (0, wide * 0.12, thick * 0.49), trim),
        ]
    if style == 1:  # long across; the slip's hem at one end, stuffing showing beyond it
        long = wide * dice.uniform(1.35, 1.6)
        body = stuffed((long, wide, thick), (0, 0, 0), cloth, dice.uniform(0.03, 0.08))
        hem = body.scaled((0.16, 1.01, 1.05)).moved((long * 0.4, 0, 0))
        count = dice.integer(2, 4)
        bands = [
            body.scaled((0.05, 1.01, 1.04)).moved((long * (k + 0.7) / (count + 1.4) * 0.8 - long * 0.42, 0, 0))
            for k in range(count)
        ]
        return [body, Part(hem.vertices, hem.faces, dice.pale()), *(Part(b.vertices, b.faces, trim) for b in bands)]
    if style == 2:
        long, radius = wide * dice.uniform(1.2, 1.6), dice.uniform(0.2, 0.27)
        ends = [
            (radius * 0.7, -long / 2),
            (radius, -long * 0.42),
            (radius * 1.05, 0),
            (radius, long * 0.42),
            (radius * 0.7, long / 2),
        ]
        parts = [revolve([(0, -long / 2), *ends, (0, long / 2)], (0, 0, 0), cloth, "x")]
        parts += [torus(radius, 0.03, (x, 0, 0), trim, "x") for x in (-long * 0.42, long * 0.42)]
        parts += [ellipsoid((0.04, radius * 0.4, radius * 0.4), (x, 0, 0), trim) for x in (-long / 2, long / 2)]
        return [*parts, box((long * 0.35, 0.05, radius * 0.5), (0, radius * 1.03, 0.02), dice.pale()).turned("x", 35)]
    half = thick * 0.65
    profile = [(0, -half), (wide * 0.25, -half * 0.95), (wide * 0.44, -half * 0.7), (wide / 2, 0)]
    profile += [(wide * 0.44, half * 0.7), (wide * 0.25, half * 0.95), (0.05, half * 0.75), (0, half * 0.7)]
    parts = [
        revolve(profile, (0, 0, 0), cloth),
        torus(wide / 2, 0.035, (0, 0, 0), trim),
        ellipsoid((0.07, 0.07, 0.05), (0, 0, half * 0.78), trim),
    ]
    pleat = tube([(0, 0.06, half * 0.84), (0, wide * 0.25, half * 0.97), (0, wide * 0.44, half * 0.76)], 0.02, cloth, 8)
    parts += [pleat.turned("z", 45 * k) for k in range(8)]
    return [*parts, box((0.14, 0.14, 0.04), (0, wide * 0.55, 0), dice.pale())]
