"""Built-in sound devices: loudspeaker and microphone."""

import numpy as np

from ..kit import Color, Part, Vec, arc, box, cylinder, ellipsoid, frustum, loft, prism, revolve, rounded, torus, tube
from ..registry import Dice, builtin

GLASS: Color = (0.02, 0.04, 0.09)
BLACK: Color = (0.012, 0.012, 0.014)
WHITE: Color = (0.8, 0.8, 0.8)


def _driver(r: float, at: Vec, cone: Color, ring: Color) -> list[Part]:
    """A loudspeaker's sunken cone with its ring and cap, facing +y."""
    dish = revolve([(0, -0.01), (r, -0.01), (r, 0.02), (r * 0.86, 0.022), (r * 0.4, 0.004), (0, 0.004)], at, cone, "y")
    return [dish, torus(r, 0.022, at, ring, "y"), ellipsoid((r * 0.36, 0.04, r * 0.36), at, ring)]


@builtin("03691459")
def loudspeaker(dice: Dice) -> list[Part]:
    """Bookshelf box, tower, or lying tube with a handle."""
    style, trim = dice.integer(0, 2), dice.metal() if dice.chance(0.6) else dice.paint()
    cone = dice.dark() if dice.chance(0.6) else (0.75, 0.55, 0.05)
    if style == 2:
        r, long = dice.uniform(0.24, 0.32), dice.uniform(0.9, 1.2)
        parts = [
            cylinder(r, long, (0, 0, r), dice.paint(), "x"),
            *(cylinder(r * 0.8, 0.05, (x, 0, r), trim, "x") for x in (-long / 2, long / 2)),
        ]
        parts += [
            box((long * 0.8, r * 1.2, 0.06), (0, 0, 0.0), BLACK),
            box((long * 0.56, 0.05, r * 0.8), (0, r - 0.02, r), trim),
        ]
        for s in (-1, 1):
            parts += _driver(r * 0.55, (s * long * 0.3, r, r), cone, BLACK)
        parts += [cylinder(0.04, 0.06, (x, 0, 2 * r), BLACK) for x in (-0.12, 0, 0.12)]
        handle = [
            (long * 0.44, 0, r * 1.7),
            (long * 0.4, 0, r * 2.5),
            (-long * 0.4, 0, r * 2.5),
            (-long * 0.44, 0, r * 1.7),
        ]
        return [*parts, tube(handle, 0.035, BLACK)] if dice.chance(0.6) else parts
    case = dice.wood() if dice.chance(0.6) else dice.dark() if dice.chance(0.6) else dice.pale()
    width, height = (
        (dice.uniform(0.5, 0.62), dice.uniform(0.75, 0.95))
        if style == 0
        else (dice.uniform(0.4, 0.5), dice.uniform(1.3, 1.6))
    )
    depth = dice.uniform(0.42, 0.55)
    front, r = depth / 2, width * 0.4
    parts = [
        box((width, depth, height), (0, 0, height / 2), case),
        box((width - 0.06, 0.04, height - 0.06), (0, front, height / 2), BLACK if case[0] > 0.07 else dice.metal()),
    ]
    parts += _driver(r, (0, front + 0.02, r * 1.25), cone, trim)
    z = r * 1.25
    for _ in range(0 if style == 0 else dice.integer(1, 2)):
        z += r * 1.95
        parts += _driver(r * 0.86, (0, front + 0.02, z), cone, trim)
    parts += _driver(r * 0.42, (0, front + 0.02, min(z + r * 1.75, height - r * 0.6)), BLACK, trim)
    parts.append(box((width * 0.3, 0.03, 0.04), (0, front + 0.02, 0.05), trim))
    if style == 0 and dice.chance(0.5):
        parts += [cylinder(0.04, 0.08, (x * width, front + 0.02, height - 0.09), trim, "y") for x in (-0.36, 0.36)]
    if style == 1:
        parts += [box((width * 1.2, depth * 1.15, 0.05), (0, 0, -0.02), BLACK)]
    return parts


def _capsule(r: float, long: float, body: Color, mesh: Color, band: Color) -> list[Part]:
    """A hand-held microphone along z: tapered grip, ring and ball."""
    grip = frustum(r * 0.6, r * 0.85, long, (0, 0, long / 2), body)
    ball = ellipsoid((r * 1.2, r * 1.2, r * 1.3), (0, 0, long + r * 0.9), mesh)
    return [
        grip,
        ball,
        cylinder(r * 1.24, r * 0.35, (0, 0, long + r * 0.8), band),
        cylinder(r, r * 0.3, (0, 0, long), band),
        box((r * 0.5, r * 0.4, r * 1.1), (0, r * 0.66, long * 0.62), band),
    ]


@builtin("03759954")
def microphone(dice: Dice) -> list[Part]:
    """Hand-held on a stand, studio microphone in its ring, or old stage microphone."""
    style, body, mesh, trim = (
        dice.integer(0, 2),
        dice.dark() if dice.chance(0.5) else dice.paint(),
        dice.metal(),
        dice.paint(),
    )
    steel, foot = dice.metal(), dice.uniform(0.2, 0.28)
    tall = dice.uniform(0.25, 0.6)
    parts = [frustum(foot, foot * 0.85, 0.05, (0, 0, 0.025), BLACK), cylinder(0.028, tall, (0, 0, tall / 2), steel)]
    if style == 0:
        mic = _capsule(dice.uniform(0.085, 0.1), dice.uniform(0.5, 0.65), body, mesh, trim)
        clip = cylinder(0.1, 0.14, (0, 0, 0.3), BLACK)
        lean = dice.uniform(30, 60) * (1 if dice.chance(0.5) else -1)
        return parts + [
            p.moved((0, 0, -0.3)).turned("x", -25).turned("y", lean).moved((0, 0, tall + 0.06)) for p in (*mic, clip)
        ]
    if style == 1:
        r, z = dice.uniform(0.13, 0.16), tall + 0.38
        parts += [
            cylinder(r, 0.26, (0, 0, z - 0.12), body),
            cylinder(r * 0.98, 0.24, (0, 0, z + 0.13), mesh),
            ellipsoid((r * 0.98, r * 0.98, 0.09), (0, 0, z + 0.25), mesh),
        ]
        parts += [torus(r + 0.012, 0.02, (0, 0, z), trim), torus(r * 1.75, 0.025, (0, 0, z - 0.05), steel)]
        for k in range(4):
            strut = tube([(r * 0.9, 0, z - 0.16), (r * 1.75, 0, z - 0.05)], 0.016, BLACK)
            parts.append(strut.turned("z", 45 + 90 * k))
        yoke = arc((0, 0, z - 0.05), r * 1.75, 180, 360, "xz")
        parts += [tube(yoke, 0.025, steel), box((0.07, 0.03, 0.07), (0, r, z - 0.12), trim)]
        if dice.chance(0.6):  # a pop screen before it
            parts += [
                torus(0.17, 0.018, (0, r * 3, z + 0.08), BLACK, "y"),
                cylinder(0.165, 0.012, (0, r * 3, z + 0.08), (0.06, 0.06, 0.06), "y"),
            ]
            parts.append(tube([(0, r * 3, z - 0.09), (0, r * 2, z - 0.3), (0, 0, tall * 0.7)], 0.016, BLACK))
        return parts
    z, w = tall + 0.22, dice.uniform(0.16, 0.2)
    pill = loft(
        [
            [(x * s, y * s * 0.8, z + h) for x, y in rounded(2 * w, 1.5 * w, w * 0.6)]
            for h, s in ((-0.24, 0.6), (-0.2, 0.85), (0, 1), (0.2, 1), (0.3, 0.85), (0.36, 0.4))
        ],
        mesh,
    )
    parts.append(pill)
    for x in np.linspace(-0.7, 0.7, dice.integer(4, 6)):
        parts.append(box((0.03, 0.04, 0.42), (x * w, w * 0.6, z + 0.05), BLACK))
    parts += [prism(rounded(2 * w + 0.04, 1.2 * w + 0.05, w * 0.5), 0.05, (0, 0, z + h), trim) for h in (0.05,)]
    parts += [box((0.1, 0.05, 0.09), (0, w * 0.64, z + 0.05), trim), cylinder(0.06, 0.1, (0, 0, tall - 0.03), body)]
    return parts
