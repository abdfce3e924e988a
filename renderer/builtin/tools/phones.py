"""Built-in phones: cellphone and desk telephone."""

import numpy as np

from ..kit import Color, Part, Vec, box, cylinder, frustum, prism, rounded, taper, tube
from ..registry import Dice, builtin

GLASS: Color = (0.02, 0.04, 0.09)
BLACK: Color = (0.012, 0.012, 0.014)
WHITE: Color = (0.8, 0.8, 0.8)


def _slab(width: float, height: float, depth: float, at: Vec, color: Color) -> Part:
    """A standing plate with round corners, facing +y."""
    return prism(rounded(width, height, min(width, height) * 0.12), depth, at, color, "y")


def _keypad(
    columns: int, rows: int, size: tuple[float, float], at: tuple[float, float, float], color: Color
) -> list[Part]:
    """Keys that stand out of a face turned to +y; `size` is that of the whole pad, `at` its middle."""
    dx, dz = size[0] / columns, size[1] / rows
    return [
        box(
            (dx * 0.72, 0.05, dz * 0.62),
            (at[0] + (i - (columns - 1) / 2) * dx, at[1], at[2] + (j - (rows - 1) / 2) * dz),
            color,
        )
        for i in range(columns)
        for j in range(rows)
    ]


@builtin("02992529")
def cellphone(dice: Dice) -> list[Part]:
    """Touch-screen phone, phone with keys or opened folding phone."""
    style, case, keys = dice.integer(0, 2), dice.paint() if dice.chance(0.6) else dice.dark(), dice.pale()
    width, height = dice.uniform(0.46, 0.54), (dice.uniform(0.92, 1.08), dice.uniform(0.95, 1.15), 0.62)[style]
    depth, glow = (0.07, 0.13, 0.09)[style], dice.paint()
    front = depth / 2
    if style == 0:
        parts = [
            _slab(width, height, depth, (0, 0, 0), case),
            _slab(width - 0.03, height - 0.03, 0.02, (0, front, 0), BLACK),
        ]
        button = dice.chance(0.5)
        tall = height * (0.76 if button else 0.93)
        parts.append(box((width * 0.88, 0.03, tall), (0, front, 0), glow))
        pitch = width * 0.88 / 4
        rows = [(k, tall / 2 - pitch * (0.8 + j)) for k in range(4) for j in range(dice.integer(2, 4))] + [
            (k, 0.6 * pitch - tall / 2) for k in range(4)
        ]
        parts += [box((pitch * 0.66, 0.05, pitch * 0.66), ((1.5 - k) * pitch, front, z), dice.paint()) for k, z in rows]
        if button:
            parts.append(cylinder(0.035, 0.03, (0, front + 0.01, -height * 0.435), dice.metal(), "y"))
        parts.append(
            box(
                (width * 0.2, 0.04, 0.022),
                (0, front, height * (0.435 if button else 0.445)),
                BLACK if not button else dice.metal(),
            )
        )
        parts += [
            cylinder(0.045, 0.04, (-width * 0.3, -front, height * 0.4 - 0.12 * k), GLASS, "y")
            for k in range(dice.integer(1, 3))
        ]
        return parts + [box((0.03, 0.04, s), (-width / 2, 0, z), dice.metal()) for s, z in ((0.1, 0.2), (0.18, 0.05))]
    if style == 1:
        parts = [
            _slab(width, height, depth, (0, 0, 0), case),
            box((width * 0.84, 0.03, height * 0.36), (0, front, height * 0.24), BLACK),
        ]
        parts += [box((width * 0.7, 0.05, height * 0.26), (0, front, height * 0.24), (0.35, 0.5, 0.2))]
        parts += [box((width * t, 0.06, 0.03), (0, front, height * d), BLACK) for t, d in ((0.5, 0.29), (0.35, 0.22))]
        parts += _keypad(3, 4, (width * 0.86, height * 0.36), (0, front, -height * 0.24), keys)
        parts += [
            box((0.13, 0.06, 0.06), (s * width * 0.3, front, 0), c)
            for s, c in ((1, (0.05, 0.5, 0.08)), (-1, (0.6, 0.02, 0.02)), (0, keys))
        ]
        return [*parts, cylinder(0.045, dice.uniform(0.12, 0.3), (width * 0.36, 0, height / 2 + 0.05), BLACK)]
    lower = [
        _slab(width, height, depth, (0, 0, 0), case),
        *_keypad(3, 4, (width * 0.84, height * 0.56), (0, front, -0.1), keys),
    ]
    lower += [
        cylinder(0.08, 0.05, (0, front, height * 0.33), dice.metal(), "y"),
        cylinder(0.04, 0.07, (0, front, height * 0.33), case, "y"),
    ]
    upper = [
        _slab(width, height, depth, (0, 0, height), case),
        box((width * 0.84, 0.03, height * 0.74), (0, front, height), BLACK),
    ]
    upper += [
        box((width * 0.7, 0.05, height * 0.58), (0, front, height), glow),
        box((width * 0.4, 0.06, 0.1), (0, front, height * 1.1), dice.pale()),
    ]
    upper += [box((width * 0.3, 0.05, 0.025), (0, front, height * 1.43), dice.metal())]
    if dice.chance(0.5):
        upper.append(cylinder(0.035, 0.26, (width * 0.38, -0.02, height * 1.5), BLACK))
    hinge = cylinder(depth * 0.62, width * 0.96, (0, 0, height / 2), dice.metal(), "x")
    back = dice.uniform(-35, -15)  # the upper half leans towards the user
    return [*lower, hinge, *(p.turned("x", -back, (0, 0, height / 2)) for p in upper)]


def _handset(long: float, r: float, color: Color) -> list[Part]:
    """A receiver along x, its mouth and ear pieces facing down, resting at z = 0."""
    grip = tube([(x * long / 2, 0, r * (1.5 + 0.9 * (1 - x * x))) for x in np.linspace(-1, 1, 9)], r * 0.62, color)
    return [grip] + [frustum(r * 1.15, r * 0.85, r * 1.7, (s * long / 2, 0, r), color) for s in (-1, 1)]


@builtin("04401088")
def telephone(dice: Dice) -> list[Part]:
    """Desk telephone with keys, or with a dial and the receiver across its top."""
    case = dice.paint() if dice.chance(0.6) else dice.dark() if dice.chance(0.5) else dice.pale()
    keys, receiver = dice.pale() if case[1] < 0.5 else dice.dark(), case if dice.chance(0.6) else dice.dark()
    spring = np.linspace(0, 2 * np.pi * 9, 90)
    if dice.chance(0.45):
        width, depth, height = dice.uniform(0.7, 0.8), dice.uniform(0.65, 0.75), dice.uniform(0.34, 0.42)
        base = taper((width, depth), (width * 0.6, depth * 0.3), height, (0, 0, 0), case, lean=(0, -depth * 0.24))
        slope = np.degrees(np.arctan2(height, depth * 0.59))
        at, r = (0, depth * 0.205, height * 0.5), width * 0.29
        dial = [cylinder(r, 0.08, at, keys), cylinder(r * 0.42, 0.11, at, dice.paint())]
        for k in range(10):
            a = np.radians(-30 + 29 * k)
            dial.append(
                cylinder(r * 0.17, 0.1, (r * 0.72 * np.cos(a), at[1] + r * 0.72 * np.sin(a), at[2]), BLACK, sides=10)
            )
        rear = (0, -depth * 0.24, height)
        parts = [base, *(p.turned("x", -slope, at) for p in dial)]
        parts += [box((0.08, 0.2, 0.12), (x, rear[1], height + 0.02), case) for x in (-width * 0.25, width * 0.25)]
        parts += [p.moved((0, rear[1], height + 0.03)) for p in _handset(width * 1.05, 0.095, receiver)]
        cord = np.column_stack(
            [width * 0.52 + 0.035 * np.cos(spring), rear[1] + spring / 110, 0.1 + 0.035 * np.sin(spring)]
        )
        return [*parts, tube(cord, 0.016, BLACK, sides=6)]
    width, depth, back = dice.uniform(0.8, 1.0), dice.uniform(0.75, 0.9), dice.uniform(0.16, 0.3)
    slope = np.degrees(np.arctan2(back - 0.08, depth))
    half = depth / 2
    parts = [prism([(-half, 0), (half, 0), (half, 0.08), (-half, back)], width, (0, 0, 0), case, "x")]
    mid = (back + 0.08) / 2
    right = -width * 0.17  # keys to the user's right, receiver to the left
    face = [
        box((0.11, 0.085, 0.04), (right + (i - 1) * 0.15, 0.02 + 0.115 * j, mid), keys)
        for i in range(3)
        for j in range(3)
    ]
    face += [box((0.11, 0.085, 0.04), (right + (i - 1) * 0.15, 0.365, mid), keys) for i in range(3)]
    face += [
        box((width * 0.5, 0.16, 0.03), (right, -half * 0.62, mid), BLACK),
        box((width * 0.44, 0.11, 0.04), (right, -half * 0.62, mid), (0.35, 0.5, 0.3)),
    ]
    face += [box((0.06, 0.04, 0.04), (right + (i - 1.5) * 0.12, -half * 0.27, mid), dice.paint()) for i in range(4)]
    rest = [p.turned("z", 90).moved((width * 0.31, 0, mid)) for p in _handset(depth * 0.82, 0.1, receiver)]
    face += [box((0.26, depth * 0.94, 0.03), (width * 0.31, 0, mid), BLACK), *rest]
    parts += [p.turned("x", -slope, (0, 0, mid)) for p in face]
    cord = np.column_stack([width * 0.55 + 0.035 * np.cos(spring), -0.3 + spring / 90, 0.04 + 0.035 * np.sin(spring)])
    return [*parts, tube(cord, 0.016, BLACK, sides=6)]
