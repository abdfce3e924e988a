"""Built-in office devices: keyboard, display, laptop and printer."""

import numpy as np

from ..kit import Color, Part, box, cylinder, prism, rounded, taper, tube
from ..registry import Dice, builtin

BLACK: Color = (0.012, 0.012, 0.014)
WHITE: Color = (0.8, 0.8, 0.8)
# key widths, row by row from the back; each row is 15 keys wide
ROWS: tuple[tuple[float, ...], ...] = (
    (1,) * 13 + (2,),
    (1.5,) + (1,) * 12 + (1.5,),
    (1.75,) + (1,) * 11 + (2.25,),
    (2.25,) + (1,) * 10 + (2.75,),
    (1.25,) * 3 + (6.25,) + (1.25,) * 4,
)


def _key(x: float, y: float, width: float, color: Color) -> Part:
    """A key of pitch 1 whose left edge is at `x`; the typist sits at +y, so the row runs towards -x."""
    return taper((width - 0.12, 0.88), (width - 0.32, 0.66), 0.4, (-x - width / 2, y, 0), color)


def _screen(dice: Dice, width: float, height: float, y: float, glow: Color) -> list[Part]:
    """A screen facing +y around (0, y, 0), with windows on it unless its colour `glow` is dark."""
    parts = [box((width, 0.03, height), (0, y, 0), glow)]
    if max(glow) < 0.1:  # switched off
        return parts
    parts.append(box((width - 0.004, 0.04, height * 0.07), (0, y, -height * 0.465), dice.dark()))
    for k in range(dice.integer(1, 2)):
        w, h = width * dice.uniform(0.35, 0.5), height * dice.uniform(0.35, 0.5)
        x, z = width * dice.uniform(-0.2, 0.2), height * dice.uniform(-0.1, 0.2)
        front = y + 0.01 * (k + 1)
        parts += [
            box((w, 0.03, h), (x, front, z), WHITE),
            box((w - 0.004, 0.034, h * 0.16), (x, front, z + h * 0.42), dice.paint()),
        ]
        parts += [
            box((w * t, 0.034, h * 0.08), (x + w * (0.9 - t) / 2, front, z + h * d), dice.dark())
            for t, d in ((0.8, 0.15), (0.6, -0.05), (0.7, -0.25))
        ]
    return parts


@builtin("03085013")
def keyboard(dice: Dice) -> list[Part]:
    """Full-size or compact, of one colour or with coloured keys."""
    full, functions = dice.chance(0.5), dice.chance(0.7)
    case, keys, accent = (
        dice.dark() if dice.chance(0.5) else dice.pale(),
        dice.pale() if dice.chance(0.5) else dice.dark(),
        dice.paint(),
    )
    modifiers = dice.paint() if dice.chance(0.3) else dice.metal()
    parts = []
    for row, widths in enumerate(ROWS):
        x = 0.0
        for k, width in enumerate(widths):
            edge = width > 1 and width < 6
            color = accent if (row, k) in ((2, 12), (0, 0)) else modifiers if edge else keys
            parts.append(_key(x, row - 2, width, color))
            x += width
    if functions:
        parts += [_key(k + (k + 3) // 4 * 0.6, -3.3, 1, keys if k else accent) for k in range(13)]
    right = 15.0
    if full:
        parts += [_key(15.4 + k, y, 1, modifiers) for k in range(3) for y in (-2, -1)]
        parts += [_key(15.4 + k, y, 1, modifiers) for k, y in ((1, 1), (0, 2), (1, 2), (2, 2))]
        parts += [_key(18.8 + k, row - 2, 1, keys if k < 3 else modifiers) for k in range(4) for row in range(5)]
        right = 22.8
    back = -3.8 if functions else -2.5
    margin, depth = dice.uniform(0.3, 0.8), 2.5 - back
    outline = rounded(right + 2 * margin, depth + 2 * margin, min(margin, 0.6))
    parts.append(prism(outline, 0.9, (-right / 2, (2.5 + back) / 2, -0.35), case))
    if dice.chance(0.4):  # a palm rest
        parts.append(
            taper((right + 2 * margin, 2.2), (right + 2 * margin, 1.8), 0.55, (-right / 2, 3.6 + margin, -0.8), accent)
        )
    if dice.chance(0.6):
        parts.append(
            tube(
                [(-right * 0.4, back, -0.5), (-right * 0.4, back - 1.6, -0.5), (-right * 0.5, back - 2.2, -0.6)],
                0.3,
                BLACK,
            )
        )
    if full and functions:
        parts += [cylinder(0.17, 0.1, (-18.9 - k, -3.3, 0.1), (0.05, 0.8, 0.1), sides=10) for k in range(3)]
    return parts


@builtin("03211117")
def display(dice: Dice) -> list[Part]:
    """Flat monitor, curved ultra-wide or picture tube."""
    style, frame = dice.integer(0, 2), dice.dark() if dice.chance(0.6) else dice.pale()
    width, height = (dice.uniform(1.0, 1.3), 1.5, dice.uniform(0.85, 0.95))[style], dice.uniform(0.62, 0.72)
    lift, stand = dice.uniform(0.16, 0.3), dice.metal() if dice.chance(0.5) else frame
    centre = lift + height / 2
    glow = dice.dark() if dice.chance(0.2) else dice.paint()
    parts = []
    if style == 2:
        centre -= lift - 0.12
        parts += [
            box((width, 0.3, height), (0, 0, 0), frame),
            box((width * 0.86, 0.04, height * 0.78), (0, 0.15, 0.03), BLACK),
        ]
        parts += [p.moved((0, 0, 0.03)) for p in _screen(dice, width * 0.8, height * 0.72, 0.165, glow)]
        cone = taper((width * 0.94, height * 0.94), (width * 0.5, height * 0.5), 0.5, (0, 0, 0), frame, lean=(0, 0.04))
        parts.append(cone.turned("x", 90).moved((0, -0.14, 0)))
        parts += [
            box((0.05, 0.04, 0.035), (-width / 2 + 0.1 + 0.09 * k, 0.15, -height * 0.44), dice.paint())
            for k in range(3)
        ]
        parts = [p.moved((0, 0, centre)) for p in parts]
        return [
            *parts,
            cylinder(width * 0.36, 0.05, (0, -0.05, 0.025), frame),
            cylinder(width * 0.2, 0.12, (0, -0.05, 0.09), frame),
        ]
    bezel = dice.uniform(0.02, 0.05)
    if style == 1:
        # three panes, the outer ones turned in
        third, bend = width / 3, dice.uniform(12, 20)
        for side in (-1, 0, 1):
            size = (third - 0.01, height - 2 * bezel)
            glass = box((size[0], 0.03, size[1]), (0, 0.02, 0), glow)
            pane = [box((third + 0.02, 0.05, height), (0, 0, 0), frame)]
            pane += [glass] if side else _screen(dice, *size, 0.02, glow)
            parts += [
                p.moved((side * third / 2, 0, 0)).turned("z", side * bend).moved((side * third / 2, 0, 0)) for p in pane
            ]
    else:
        parts += [
            box((width, 0.05, height), (0, 0, 0), frame),
            box((width * 0.6, 0.07, height * 0.5), (0, -0.05, 0), frame),
        ]
        parts += _screen(dice, width - 2 * bezel, height - 2 * bezel, 0.02, glow)
        parts.append(box((0.05, 0.02, 0.02), (-width * 0.4, 0.025, 0.015 - height / 2), (0.05, 0.8, 0.1)))
    parts = [p.moved((0, 0, centre)) for p in parts]
    parts.append(box((0.12, 0.05, lift + height * 0.4), (0, -0.08, (lift + height * 0.4) / 2), stand))
    foot = dice.integer(0, 2)
    if foot == 0:
        parts.append(prism(rounded(width * 0.42, 0.34, 0.08), 0.035, (0, 0.02, 0.0175), stand))
    elif foot == 1:
        parts.append(cylinder(0.2, 0.04, (0, 0, 0.02), stand))
    else:
        parts += [box((0.08, 0.42, 0.04), (0, 0.13, 0.02), stand).turned("z", t, (0, -0.08, 0)) for t in (-50, 50)]
    return parts


@builtin("03642806")
def laptop(dice: Dice) -> list[Part]:
    """Thin metal, or thick and dark; opened more or less wide."""
    width, depth, thick = dice.uniform(1.0, 1.25), dice.uniform(0.68, 0.8), dice.uniform(0.04, 0.09)
    case = (dice.metal, dice.dark, dice.paint)[dice.integer(0, 2)]()
    keys = dice.dark() if case[1] > 0.1 else dice.metal()
    parts = [prism(rounded(width, depth, 0.06), thick, (0, 0, thick / 2), case)]
    rows, columns = dice.integer(4, 5), 12
    pitch, step = width * 0.86 / columns, depth * 0.46 / rows
    for row in range(rows):
        y = -depth * 0.4 + step * (row + 0.5)
        spans = [(0, 3), (3, 9), (9, 12)] if row == rows - 1 else [(k, k + 1) for k in range(columns)]
        for a, b in spans:
            x = width * 0.43 - pitch * (a + b) / 2
            parts.append(box((pitch * (b - a) - 0.014, step - 0.014, 0.03), (x, y, thick), keys))
    parts.append(box((width * 0.3, depth * 0.26, 0.014), (0, depth * 0.3, thick), keys))
    parts.append(cylinder(0.025, width * 0.8, (0, -depth / 2, thick), BLACK, "x"))
    border = dice.uniform(0.03, 0.07)
    glow = dice.dark() if dice.chance(0.2) else dice.paint()
    lid = [
        prism(rounded(width, depth, 0.06), 0.04, (0, 0, 0), case, "y"),
        box((width - 0.04, 0.01, depth - 0.04), (0, 0.02, 0), BLACK),
    ]
    lid += _screen(dice, width - 2 * border, depth - 2 * border, 0.012, glow)
    lid.append(cylinder(0.08, 0.02, (0, -0.02, 0), dice.pale() if case[1] < 0.5 else BLACK, "y"))
    opened, hinge = dice.uniform(3, 35), (0, -depth / 2, thick)
    return parts + [p.moved((0, -depth / 2, thick + depth / 2)).turned("x", opened, hinge) for p in lid]


@builtin("04004475")
def printer(dice: Dice) -> list[Part]:
    """Inkjet with paper behind, laser printer with a drawer, or copier with a lid."""
    style, case, trim = dice.integer(0, 2), dice.pale() if dice.chance(0.6) else dice.dark(), dice.dark()
    if case[0] < 0.1:
        trim = dice.metal()
    width, depth = dice.uniform(0.9, 1.15), dice.uniform(0.65, 0.85)
    height = (dice.uniform(0.34, 0.42), dice.uniform(0.55, 0.75), dice.uniform(0.5, 0.65))[style]
    front, sheet = depth / 2, width * 0.62
    side = [(-front, 0), (front, 0), (front, height * 0.7), (front - 0.16, height), (-front, height)]
    parts = [
        prism(side, width, (0, 0, 0), case, "x"),
        box((sheet + 0.1, 0.03, height * 0.3), (0, front, height * 0.36), BLACK),
    ]
    tray = box((sheet + 0.06, 0.4, 0.03), (0, front + 0.15, height * 0.22), trim).turned("x", 5)
    page = box((sheet, 0.42, 0.02), (0, front + 0.14, height * 0.22 + 0.035), WHITE).turned("x", 5)
    lines = [
        box(
            (sheet * dice.uniform(0.5, 0.85), 0.02, 0.026), (0, front + 0.07 + 0.06 * k, height * 0.22 + 0.036), BLACK
        ).turned("x", 5)
        for k in range(4)
    ]
    panel = np.degrees(np.arctan2(0.16, height * 0.3))
    at = (-width * 0.3, front - 0.08, height * 0.85)
    parts += [
        p.turned("x", panel, at)
        for p in (
            box((width * 0.3, 0.03, height * 0.22), at, trim),
            box((width * 0.15, 0.045, height * 0.15), (at[0] + 0.05, at[1], at[2]), dice.paint()),
            cylinder(0.025, 0.06, (at[0] - 0.1, at[1], at[2]), (0.05, 0.7, 0.1), "y", sides=12),
        )
    ]
    if style == 1:
        parts += [
            box((width * 0.86, 0.03, height * 0.2), (0, front, height * 0.12), trim),
            box((0.2, 0.06, 0.03), (0, front, height * 0.12), case),
        ]
        parts += [
            box((sheet, depth * 0.5, 0.03), (0, -0.05, height), BLACK),
            box((sheet * 0.9, depth * 0.4, 0.03), (0, -0.04, height + 0.02), WHITE).turned("x", -6),
        ]
        return parts
    parts += [tray, page, *lines]
    if style == 0:
        lean = [
            box((sheet + 0.08, 0.03, 0.42), (0, -front + 0.08, height + 0.15), trim),
            box((sheet, 0.03, 0.52), (0, -front + 0.11, height + 0.2), WHITE),
        ]
        return parts + [p.turned("x", 20, (0, -front + 0.1, height)) for p in lean]
    lid = [
        box((width * 0.96, depth * 0.74, 0.07), (0, -depth * 0.11, height + 0.045), trim),
        box((width * 0.7, depth * 0.2, 0.05), (0, -depth * 0.3, height + 0.1), case),
    ]
    opened = dice.uniform(25, 60) if dice.chance(0.4) else 0
    glass = box((width * 0.8, depth * 0.56, 0.02), (0, -depth * 0.1, height), (0.1, 0.2, 0.25))
    return [*parts, glass, *(p.turned("x", opened, (0, -front, height)) for p in lid)]
