"""Built-in hand-held classes: camera and remote."""

from ..kit import Color, Part, box, cylinder, ellipsoid, prism, rounded, taper, torus
from ..registry import Dice, builtin

GLASS: Color = (0.02, 0.04, 0.09)
BLACK: Color = (0.012, 0.012, 0.014)
WHITE: Color = (0.8, 0.8, 0.8)


@builtin("02942699")
def camera(dice: Dice) -> list[Part]:
    """Reflex camera, two-tone rangefinder, compact or instant camera."""
    style, dark = dice.integer(0, 3), dice.dark()
    width, height, depth = ((1.15, 0.75, 0.4), (1.2, 0.66, 0.3), (1.0, 0.58, 0.2), (0.95, 0.85, 0.55))[style]
    width, height = width * dice.uniform(0.92, 1.08), height * dice.uniform(0.92, 1.08)
    case = (dice.dark, dice.metal, dice.paint, dice.pale)[style]()
    accent, steel = dice.paint(), dice.metal()
    reach = (dice.uniform(0.3, 0.75), dice.uniform(0.15, 0.3), dice.uniform(0.08, 0.25), 0.12)[style]
    r = (0.29, 0.24, 0.2, 0.2)[style] * dice.uniform(0.9, 1.1)
    front, lens = depth / 2, (-0.06 if style in (0, 2) else 0.0, (-0.06 if style == 0 else 0.0))
    parts = [prism(rounded(width, height, height * 0.12), depth, (0, 0, 0), case, "y")]
    barrel = [
        (r, 0.0, 0.45, dark if style != 2 else steel),
        (r * 0.92, 0.45, 0.8, BLACK),
        (r * 1.02, 0.8, 1, steel if style else dark),
    ]
    for radius, a, b, color in barrel:
        parts.append(
            cylinder(radius, reach * (b - a) + 0.02, (lens[0], front + reach * (a + b) / 2, lens[1]), color, "y")
        )
    parts.append(cylinder(r * 0.85, 0.04, (lens[0], front + reach, lens[1]), BLACK, "y"))
    parts.append(ellipsoid((r * 0.62, 0.06, r * 0.62), (lens[0], front + reach + 0.01, lens[1]), GLASS))
    top = height / 2
    if style == 0:
        grip = prism(rounded(0.24, depth + 0.2, 0.08), height * 0.95, (width / 2 - 0.1, 0.1, 0), dark)
        hump = taper((0.5, depth * 0.95), (0.26, depth * 0.6), 0.22, (lens[0], 0, top - 0.01), case)
        parts += [
            grip,
            hump,
            box((0.2, 0.2, 0.03), (lens[0], -0.03, top + 0.22), steel),
            cylinder(0.11, 0.1, (-width * 0.34, 0, top + 0.03), dark),
        ]
        parts += [
            torus(r * 1.0, 0.025, (lens[0], front + reach * 0.5, lens[1]), accent, "y"),
            cylinder(0.06, 0.06, (width / 2 - 0.1, 0.15, top), accent),
        ]
        parts.append(box((0.22, 0.04, 0.06), (lens[0], depth * 0.44, top + 0.07), WHITE))
    elif style == 1:
        outline = rounded(width + 0.02, height * 0.55, height * 0.07)
        cover = dice.wood() if dice.chance(0.4) else dark
        parts.append(prism(outline, depth + 0.02, (0, 0, -height * 0.06), cover, "y"))
        parts += [box((0.18, 0.06, 0.11), (x * width, front, top - 0.1), GLASS) for x in (-0.36, 0.05)]
        parts += [
            cylinder(s, 0.09, (x * width, 0, top + 0.02), steel) for x, s in ((0.36, 0.1), (-0.36, 0.08), (0.2, 0.05))
        ]
        parts.append(box((0.16, 0.16, 0.05), (0, 0, top + 0.01), dark))
    elif style == 2:
        parts += [
            box((0.22, 0.05, 0.09), (-width * 0.3, front, top - 0.1), WHITE),
            cylinder(0.05, 0.05, (width * 0.32, 0, top), accent),
        ]
        parts += [
            box((0.09, 0.05, height * 0.6), (width * 0.42, front, -0.02), steel),
            box((0.14, 0.12, 0.03), (-0.05, 0, top), dark),
        ]
    else:
        stripes = [(0.6, 0.02, 0.02), (0.8, 0.3, 0.01), (0.8, 0.65, 0.02), (0.05, 0.4, 0.08), (0.02, 0.15, 0.6)]
        parts += [
            box((0.05, 0.02, height * 0.3), ((k - 2) * 0.05, front, -height * 0.34), c) for k, c in enumerate(stripes)
        ]
        parts += [
            box((0.26, 0.06, 0.15), (-width * 0.3, front, top - 0.13), WHITE),
            box((0.16, 0.06, 0.13), (width * 0.33, front, top - 0.13), GLASS),
        ]
        parts += [
            box((width * 1.06, depth * 1.2, 0.1), (0, 0.04, -top), dark),
            cylinder(0.06, 0.06, (width * 0.36, front, 0), accent, "y"),
        ]
        if dice.chance(0.6):  # a picture comes out
            parts += [
                box((width * 0.7, 0.34, 0.02), (0, front + 0.2, -top), WHITE),
                box((width * 0.56, 0.22, 0.026), (0, front + 0.22, -top), accent),
            ]
    return parts


@builtin("04074963")
def remote(dice: Dice) -> list[Part]:
    """Lies flat, pointing away from its user: many keys, or few keys and a ring."""
    many, case, keys = dice.chance(0.55), dice.dark() if dice.chance(0.65) else dice.pale(), dice.metal()
    width, length, thick = dice.uniform(0.22, 0.3), dice.uniform(0.8, 1.15), dice.uniform(0.05, 0.09)
    if case[0] > 0.3:
        keys = dice.dark()
    far = -length / 2
    parts = [prism(rounded(width, length, width * (0.2 if many else 0.4)), thick, (0, 0, -thick / 2), case)]
    parts += [box((width * 0.5, 0.03, thick * 0.7), (0, far, -thick / 2), (0.2, 0.01, 0.01))]
    parts.append(cylinder(width * 0.11, 0.05, (width * 0.28, far + 0.08, 0), (0.7, 0.02, 0.02)))

    def key(x: float, y: float, color: Color, wide: float = 0.2, deep: float = 0.045) -> Part:
        return box((width * wide, deep, 0.04), (x * width, far + y, 0), color)

    if many:
        if dice.chance(0.4):
            parts.append(box((width * 0.8, 0.13, 0.03), (0, far + 0.19, 0), (0.3, 0.42, 0.2)))
        rows = int((length - 0.62) / 0.075)
        parts += [key(x, 0.3 + 0.075 * j, keys) for x in (-0.3, 0, 0.3) for j in range(rows)]
        near = 0.3 + 0.075 * rows
        parts += [
            key(x, near + 0.02, c, 0.18)
            for x, c in zip(
                (0.36, 0.12, -0.12, -0.36),
                ((0.6, 0.02, 0.02), (0.03, 0.45, 0.06), (0.75, 0.6, 0.02), (0.02, 0.1, 0.6)),
                strict=True,
            )
        ]
        ring = near + 0.15
    else:
        ring = 0.28
        accent = dice.paint()
        parts += [key(x, ring + 0.17 + 0.08 * j, keys, 0.26) for x in (-0.25, 0.25) for j in range(dice.integer(1, 3))]
        parts += [
            prism(rounded(width * 0.26, 0.14, width * 0.1), 0.05, (x * width, far + ring + 0.42, 0), c)
            for x, c in ((-0.25, keys), (0.25, accent))
        ]
        parts += [box((width * 0.5, 0.05, 0.012), (0, -far - 0.08, 0), dice.pale() if case[0] < 0.1 else BLACK)]
    pad = width * 0.36
    parts += [
        cylinder(pad, 0.03, (0, far + ring, 0.005), keys),
        cylinder(pad * 0.45, 0.05, (0, far + ring, 0.01), case),
    ]
    return parts
