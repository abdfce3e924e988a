"""Built-in case furniture: bookshelf, cabinet, file cabinet and table."""

import numpy as np

from ..kit import Color, Part, box, cushion, cylinder, ellipsoid, frustum, revolve, taper, tube
from ..registry import Dice, builtin
from .seats import legs


@builtin("04379243")
def table(dice: Dice) -> list[Part]:
    """Dining table, round table on a pedestal, coffee table with a shelf, or desk with drawers."""
    style, top, frame = dice.integer(0, 3), dice.wood(), dice.wood() if dice.chance(0.5) else dice.dark()
    accent = dice.paint()
    if dice.chance(0.3):
        top = dice.pale() if dice.chance(0.5) else dice.paint()
    wide, deep, height = dice.uniform(1.1, 1.6), dice.uniform(0.65, 0.9), dice.uniform(0.68, 0.76)
    if style == 0:
        parts = [
            box((wide, deep, 0.05), (0, 0, height), top),
            box((wide - 0.2, deep - 0.16, 0.1), (0, 0, height - 0.07), frame),
        ]
        parts += legs(
            wide / 2 - 0.08, deep / 2 - 0.08, height, dice.uniform(0.03, 0.05), dice.uniform(-0.02, 0.06), frame
        )
        parts.append(box((0.34, 0.03, 0.07), (0, deep / 2 - 0.08, height - 0.07), top))
        if dice.chance(0.5):  # a runner hanging over front and back
            parts.append(box((wide * 0.28, deep + 0.04, 0.02), (0, 0, height + 0.03), accent))
            parts += [
                box((wide * 0.28, 0.02, 0.16), (0, s * (deep / 2 + 0.02), height - 0.04), accent) for s in (-1, 1)
            ]
        return parts
    if style == 1:
        radius = dice.uniform(0.45, 0.65)
        parts = [
            cylinder(radius, 0.05, (0, 0, height), top, sides=36),
            cylinder(radius * 0.9, 0.03, (0, 0, height - 0.035), frame),
        ]
        stem = [(0.09, 0.1), (0.05, height * 0.4), (0.08, height * 0.6), (0.05, height * 0.8), (0.14, height)]
        parts.append(revolve([(0, 0.1), *stem, (0, height)], (0, 0, 0), frame))
        foot = tube([(0, 0, 0.2), (0, radius * 0.4, 0.12), (0, radius * 0.7, 0.03)], 0.04, frame)
        parts += [foot.turned("z", 120 * k) for k in range(3)]
        parts.append(cylinder(radius * 0.4, 0.03, (0, 0, height + 0.03), accent))
        parts.append(frustum(0.05, 0.08, 0.14, (0.05, 0.1, height + 0.1), dice.pale()))
        return parts
    if style == 2:
        height *= 0.58
        parts = [cushion((wide, deep * 0.9, 0.06), (0, 0, height), top, dice.uniform(6, 20))]
        ends = [(x, y) for x in (-wide * 0.4, wide * 0.4) for y in (-deep * 0.35, deep * 0.35)]
        parts += [box((0.07, 0.07, height), (x, y, height / 2 - 0.02), frame) for x, y in ends]
        parts.append(box((wide * 0.85, deep * 0.72, 0.04), (0, 0, height * 0.35), accent))
        pile = [(0.32, 0.24, dice.paint()), (0.28, 0.2, dice.pale()), (0.24, 0.18, dice.paint())][: dice.integer(1, 3)]
        return parts + [
            box((w, d, 0.045), (wide * 0.2, 0.04, height + 0.055 + 0.045 * k), c) for k, (w, d, c) in enumerate(pile)
        ]
    parts = [box((wide, deep, 0.045), (0, 0, height), top)]
    tower, sides = 0.36, [-1] if dice.chance(0.5) else [-1, 1]
    rows = dice.integer(2, 4)
    tall = (height - 0.06) / rows
    for side in sides:
        x = side * (wide / 2 - tower / 2 - 0.03)
        parts.append(box((tower, deep - 0.1, height - 0.04), (x, -0.01, height / 2 - 0.02), frame))
        for k in range(rows):
            parts.append(box((tower - 0.05, 0.03, tall - 0.035), (x, deep / 2 - 0.05, tall * (k + 0.5) + 0.02), top))
            parts.append(box((0.12, 0.03, 0.03), (x, deep / 2 - 0.025, tall * (k + 0.5) + 0.02), accent))
    if len(sides) == 1:
        parts += [
            box((0.05, 0.05, height), (wide / 2 - 0.06, y, height / 2), frame)
            for y in (-deep / 2 + 0.06, deep / 2 - 0.06)
        ]
    parts.append(box((wide - 0.1, 0.03, height * 0.45), (0, -deep / 2 + 0.08, height * 0.72), frame))
    return parts


@builtin("02871439")
def bookshelf(dice: Dice) -> list[Part]:
    """Tall case, grid of cubes or ladder shelf, more or less full of books."""
    style, frame, back = dice.integer(0, 2), dice.wood() if dice.chance(0.6) else dice.pale(), dice.wood()
    rows, columns = (dice.integer(2, 3), dice.integer(2, 3)) if style == 1 else (dice.integer(3, 5), 1)
    cell, deep, thick = dice.uniform(0.36, 0.42), dice.uniform(0.26, 0.34), 0.04
    span = 0.42 if style == 1 else dice.uniform(0.7, 1.0)
    wide, tall = columns * span, rows * cell
    levels = [cell * k for k in range(rows + 1)]
    parts = []
    if style == 2:  # two leaning rails each side, the shelves deeper towards the floor
        deep *= 1.25
        for x in (-wide / 2, wide / 2):
            parts.append(tube([(x, deep / 2 + 0.06, 0), (x, -deep / 2 + 0.06, tall + 0.2)], 0.03, frame))
            parts.append(tube([(x, -deep / 2, 0), (x, -deep / 2, tall + 0.2)], 0.03, frame))
    else:
        parts.append(box((wide, 0.03, tall), (0, -deep / 2 + 0.015, tall / 2), back))
        parts += [
            box((thick, deep, tall + thick), (x, 0, tall / 2), frame)
            for x in np.linspace(-wide / 2, wide / 2, columns + 1)
        ]
    for k, z in enumerate(levels):
        reach = deep * (1 - 0.75 * k / (rows + 1)) if style == 2 else deep - 0.012
        parts.append(
            box(
                (wide - 0.01, reach, thick - 0.008),
                (0, -deep / 2 + reach / 2 + 0.006, z + (0.06 if style == 2 else 0)),
                frame,
            )
        )
    shades = [dice.paint() for _ in range(4)] + [dice.pale(), dice.dark()]
    for row in range(rows):
        for column in range(columns):
            left = -wide / 2 + column * span + thick
            base = levels[row] + (0.08 if style == 2 else 0.025)
            room = deep * (0.9 - 0.75 * row / (rows + 1) if style == 2 else 0.75)
            x, stop = left, left + (span - 2 * thick) * dice.uniform(0.45, 1.0)
            if dice.chance(0.12):
                continue
            while x < stop - 0.04:
                fat, high = dice.uniform(0.035, 0.075), cell * dice.uniform(0.55, 0.8)
                fat = min(fat, left + span - 2 * thick - x)
                book = box(
                    (fat - 0.004, room * dice.uniform(0.75, 0.95), high),
                    (0, 0, base + high / 2),
                    shades[dice.integer(0, 5)],
                )
                parts.append(book.moved((x + fat / 2, -deep / 2 + room / 2 + 0.03, 0)))
                x += fat
            if stop < left + span * 0.65 and dice.chance(0.7):
                parts.append(ellipsoid((0.07, 0.07, 0.09), (stop + 0.12, 0, base + 0.08), shades[dice.integer(0, 4)]))
    return parts


def _fronts(
    dice: Dice, area: tuple[float, float, float, float], face: float, rows: int, tones: tuple[Color, Color]
) -> list[Part]:
    """Drawers on the plane y = `face` filling `area` (left, right, low, high), each with a bar or two knobs."""
    left, right, low, high = area
    step, bar, parts = (high - low) / rows, dice.chance(0.5), []
    for k in range(rows):
        z, middle = low + step * (k + 0.5), (left + right) / 2
        parts.append(box((right - left - 0.03, 0.05, step - 0.03), (middle, face, z), tones[0]))
        if bar:
            parts.append(box(((right - left) * 0.35, 0.05, 0.035), (middle, face + 0.04, z), tones[1]))
        else:
            parts += [
                ellipsoid((0.03, 0.03, 0.03), (middle + s * (right - left) * 0.22, face + 0.045, z), tones[1])
                for s in (-1, 1)
            ]
    return parts


def _doors(
    area: tuple[float, float, float, float], face: float, count: int, tones: tuple[Color, Color, Color]
) -> list[Part]:
    """Doors side by side on the plane y = `face`, each with an inset panel and a handle by the middle."""
    left, right, low, high = area
    step, parts = (right - left) / count, []
    for k in range(count):
        x, z = left + step * (k + 0.5), (low + high) / 2
        parts.append(box((step - 0.03, 0.05, high - low - 0.03), (x, face, z), tones[0]))
        parts.append(box((step - 0.16, 0.02, high - low - 0.18), (x, face + 0.025, z), tones[2]))
        side = 1 if k % 2 == 0 else -1
        parts.append(
            box((0.035, 0.05, min(0.2, (high - low) * 0.3)), (x + side * (step / 2 - 0.06), face + 0.045, z), tones[1])
        )
    return parts


@builtin("02933112")
def cabinet(dice: Dice) -> list[Part]:
    """Wardrobe, sideboard on legs, chest of drawers or glazed china cabinet."""
    style, body, pull = dice.integer(0, 3), dice.wood() if dice.chance(0.6) else dice.paint(), dice.metal()
    front = body if dice.chance(0.3) else (dice.pale() if dice.chance(0.5) else dice.wood())
    panel = dice.pale() if dice.chance(0.5) else dice.paint()
    wide, tall = [
        (dice.uniform(0.9, 1.2), 1.7),
        (dice.uniform(1.4, 1.8), 0.6),
        (dice.uniform(0.8, 1.1), 1.0),
        (0.9, 1.6),
    ][style]
    tall, deep, foot = tall * dice.uniform(0.9, 1.1), dice.uniform(0.42, 0.52), 0.08
    if style == 1:
        foot = dice.uniform(0.18, 0.28)
        parts = legs(
            wide / 2 - 0.12, deep / 2 - 0.08, foot + 0.05, 0.03, 0.03, pull if dice.chance(0.4) else dice.dark()
        )
    else:
        parts = [box((wide - 0.08, deep - 0.08, 0.1), (0, 0, 0.05), dice.dark())]
    parts.append(box((wide, deep, tall), (0, 0, foot + tall / 2), body))
    parts.append(box((wide + 0.06, deep + 0.08, 0.05), (0, 0.01, foot + tall + 0.02), body if style == 0 else front))
    side, face, low, high = wide / 2 - 0.03, deep / 2, foot + 0.03, foot + tall - 0.03
    doors = (front, pull, panel)
    if style == 0:
        split = low + (tall * dice.uniform(0.15, 0.28) if dice.chance(0.6) else 0)
        if split > low:
            parts += _fronts(dice, (-side, side, low, split), face, 1, (front, pull))
        parts += _doors((-side, side, split, high), face, dice.integer(2, 3), doors)
    elif style == 1:
        cut = side * dice.uniform(-0.3, 0.3)
        parts += _doors((-side, cut, low, high), face, 2, doors) + _fronts(
            dice, (cut, side, low, high), face, dice.integer(2, 3), (front, pull)
        )
    elif style == 2:
        parts += _fronts(dice, (-side, side, low, high), face, dice.integer(3, 5), (front, pull))
    else:
        split = low + tall * 0.42
        parts += _doors((-side, side, low, split), face, 2, doors)
        parts += _doors((-side, side, split, high), face, 2, (front, pull, (0.12, 0.2, 0.24)))
        parts += [
            box((wide - 0.2, 0.02, 0.03), (0, face + 0.033, split + (high - split) * t), front) for t in (0.37, 0.66)
        ]
    if style in {1, 2} and dice.chance(0.6):
        parts.append(frustum(0.09, 0.06, 0.22, (wide * 0.25, 0, foot + tall + 0.15), dice.paint()))
    return parts


@builtin("03337140")
def file_cabinet(dice: Dice) -> list[Part]:
    """Upright or lateral steel drawers, or a low one on castors; often with a drawer pulled out."""
    style, steel = dice.integer(0, 2), dice.metal() if dice.chance(0.4) else dice.paint()
    rows = [dice.integer(3, 5), dice.integer(2, 4), dice.integer(2, 3)][style]
    wide, deep = [0.46, dice.uniform(0.8, 1.0), 0.44][style], [0.62, 0.46, 0.55][style]
    step, foot = dice.uniform(0.3, 0.34) * (0.85 if style == 2 else 1), 0.1
    tall = rows * step + 0.04
    light = 0.6 if dice.chance(0.3) else 1.4
    tones = (min(1, steel[0] * light), min(1, steel[1] * light), min(1, steel[2] * light)), dice.dark()
    if style == 2:
        parts = [cylinder(0.05, 0.04, (x, y, 0.05), dice.dark(), "x") for x in (-0.16, 0.16) for y in (-0.2, 0.2)]
    else:
        parts = [box((wide - 0.04, deep - 0.06, foot), (0, 0, foot / 2), dice.dark())]
    parts += [
        box((wide, deep, tall), (0, 0, foot + tall / 2), steel),
        box((wide + 0.02, deep + 0.02, 0.03), (0, 0, foot + tall + 0.01), tones[0]),
    ]
    pulled = dice.integer(0, rows - 1) if dice.chance(0.65) else -1
    reach = dice.uniform(0.2, 0.38)
    paper = dice.pale()
    for k in range(rows):
        z, out = foot + 0.02 + step * (k + 0.5), reach if k == pulled else 0.0
        face = deep / 2 + 0.01 + out
        parts.append(box((wide - 0.04, 0.04, step - 0.03), (0, face, z), tones[0]))
        parts.append(box((wide * 0.32, 0.06, 0.035), (0, face + 0.03, z - 0.02), tones[1]))
        parts.append(box((wide * 0.26, 0.02, 0.05), (0, face + 0.02, z + step * 0.22), paper))
        if out:
            parts.append(box((wide - 0.08, out, step * 0.55), (0, deep / 2 + out / 2, z - step * 0.12), steel))
            folders = [dice.paint() if dice.chance(0.4) else (0.75, 0.55, 0.25) for _ in range(int(out / 0.05))]
            parts += [
                box((wide - 0.12, 0.02, step * 0.6), (0, deep / 2 + 0.03 + 0.05 * i, z + 0.01), c)
                for i, c in enumerate(folders)
            ]
    parts.append(cylinder(0.025, 0.03, (wide / 2 - 0.07, deep / 2 + 0.035, foot + tall - 0.07), dice.metal(), "y"))
    return [*parts, taper((0.16, 0.16), (0.1, 0.1), 0.03, (wide * 0.2, 0, foot + tall + 0.02), paper)]
