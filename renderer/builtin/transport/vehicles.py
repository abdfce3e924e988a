"""Built-in classes that roll: bus, car, motorbike and skateboard."""

import numpy as np

from ..kit import Color, Part, arc, box, cylinder, ellipsoid, frustum, loft, pair, prism, rounded, taper, torus, tube
from ..registry import Dice, builtin

GLASS: Color = (0.03, 0.045, 0.07)
TYRE: Color = (0.012, 0.012, 0.012)
LAMP: Color = (0.9, 0.85, 0.6)
REAR: Color = (0.6, 0.01, 0.01)


def _wheels(radius: float, width: float, track: float, ys: list[float], hub: Color) -> list[Part]:
    """Pairs of wheels standing on the ground at x = -track and track."""
    spots = [(x, y, radius) for y in ys for x in (-track, track)]
    return [cylinder(radius, width, at, TYRE, "x") for at in spots] + [
        cylinder(radius * 0.6, width + 0.04, at, hub, "x", sides=12) for at in spots
    ]


@builtin("02924116")
def bus(dice: Dice) -> list[Part]:
    """City bus, double-decker or school bus with a bonnet."""
    style = dice.integer(0, 2)
    length, width = (dice.uniform(8, 11), dice.uniform(7, 9), dice.uniform(7, 9))[style], dice.uniform(2.3, 2.7)
    height = (dice.uniform(2.5, 2.9), dice.uniform(4.0, 4.5), dice.uniform(2.3, 2.6))[style]
    paint = (0.8, 0.36, 0.01) if style == 2 else dice.paint()
    trim = (0.02, 0.02, 0.02) if style == 2 else dice.pale()
    low, wheel, front = 0.4, dice.uniform(0.48, 0.56), length / 2
    body = prism(rounded(width, height, 0.25), length, (0, 0, low + height / 2), paint, "y")
    parts = [body, box((width + 0.06, length + 0.06, 0.2), (0, 0, low + height * 0.12), trim)]
    count = dice.integer(5, 8)
    for deck in (0.38, 0.8) if style == 1 else (0.62,):
        z, tall = low + deck * height, 0.85 if style == 1 else height * 0.34
        for y in np.linspace(-front + 0.9, front - 1.1, count):
            parts.append(box((width + 0.06, length / count * 0.78, tall), (0, y, z), GLASS))
        parts.append(box((width * 0.84, 0.1, tall * 1.15), (0, front, z), GLASS))
        parts.append(box((width * 0.6, 0.1, tall * 0.8), (0, -front, z), GLASS))
    parts.append(box((0.1, 1.1, height * 0.7 if style != 1 else 1.9), (width / 2, front - 0.95, low + 1.15), trim))
    if style == 2:
        nose = taper((width * 0.8, 1.5), (width * 0.7, 1.4), 1.15, (0, front + 0.7, low), paint)
        parts += [nose, box((width * 0.5, 0.1, 0.6), (0, front + 1.45, low + 0.55), TYRE)]
        parts += [box((width * 0.5, 0.3, 0.12), (0, y, low + height + 0.04), REAR) for y in (front - 0.4, 0.4 - front)]
    else:
        parts.append(box((width * 0.6, 0.12, 0.26), (0, front, low + height * 0.9), LAMP))
        roof = taper((width * 0.6, 2.2), (width * 0.5, 1.8), 0.3, (0, dice.uniform(-2, 1), low + height - 0.02), trim)
        parts += [roof] if style == 0 else [box((width * 0.7, length * 0.6, 0.08), (0, 0, low + height), trim)]
    tip = front + (1.45 if style == 2 else 0)
    parts += pair(box((0.4, 0.14, 0.28), (width * 0.31, tip, low + 0.5), LAMP))
    parts += pair(box((0.3, 0.14, 0.4), (width * 0.38, -front, low + 0.7), REAR))
    parts += pair(box((0.1, 0.12, 0.5), (width / 2 + 0.18, front - 0.05, low + height * 0.62), TYRE))
    return parts + _wheels(wheel, 0.4, width / 2 - 0.14, [front * 0.62, -front * 0.6], dice.metal())


@builtin("02958343")
def car(dice: Dice) -> list[Part]:
    """Saloon, estate, sports car or pickup."""
    style = dice.integer(0, 3)
    paint = dice.pale() if dice.chance(0.2) else dice.paint()
    nose, half, wheel = dice.uniform(1.95, 2.35), dice.uniform(0.82, 0.95), dice.uniform(0.33, 0.38)
    if style == 3:
        wheel *= 1.15
    low = wheel * (0.35 if style == 2 else 0.6)
    waist = low + (0.62, 0.68, 0.5, 0.7)[style] * dice.uniform(0.95, 1.1)
    roof = (0.5, 0.6, 0.38, 0.62)[style] * dice.uniform(0.9, 1.1)
    # where the cabin begins and ends at the waist and at the roof, front to back
    base = ((0.95, -1.45), (1.0, -nose + 0.05), (0.65, -1.5), (0.95, -0.5))[style]
    top = ((0.25, -0.95), (0.35, -nose + 0.3), (-0.1, -0.75), (0.4, -0.4))[style]
    hood = low + (waist - low) * 0.72
    side = [(-nose, low), (nose - 0.1, low), (nose, low + 0.15), (nose - 0.05, hood), (base[0], waist), (-nose, waist)]
    parts = [prism(side, 2 * half, (0, 0, 0), paint, "x")]
    deep, flat, lean = base[0] - base[1], top[0] - top[1], (sum(top) - sum(base)) / 2
    at = (0, sum(base) / 2, waist - 0.02)
    parts.append(taper((half * 1.88, deep), (half * 1.45, flat), roof, at, GLASS, lean=(0, lean)))
    parts.append(taper((half * 1.92, 0.12), (half * 1.5, 0.12), roof, (0, sum(top) / 2, waist - 0.02), paint))
    parts.append(box((half * 1.54, flat * 1.06, 0.07), (0, sum(top) / 2, waist + roof), paint))
    if style == 3:
        bed = nose + base[1]
        parts += pair(box((0.1, bed, 0.22), (half - 0.05, -nose + bed / 2, waist + 0.1), paint))
        parts += [box((2 * half, 0.1, 0.22), (0, 0.05 - nose, waist + 0.1), paint)]
        parts += [box((2 * half - 0.2, bed - 0.1, 0.04), (0, -nose + bed / 2, waist + 0.01), TYRE)]
    elif style == 2 and dice.chance(0.6):
        parts += [box((2 * half, 0.28, 0.06), (0, 0.2 - nose, waist + 0.22), TYRE)]
        parts += pair(box((0.08, 0.2, 0.22), (half * 0.7, 0.2 - nose, waist + 0.1), TYRE))
    elif style == 2:  # a racing stripe over the bonnet
        parts.append(
            prism(
                [
                    (base[0], waist),
                    (base[0], waist - 0.1),
                    (nose, hood - 0.1),
                    (nose - 0.04, hood + 0.02),
                    (base[0], waist + 0.03),
                ],
                0.35,
                (0, 0, 0),
                dice.pale(),
                "x",
            )
        )
    elif dice.chance(0.4):
        parts += pair(box((0.06, flat, 0.1), (half * 0.6, sum(top) / 2, waist + roof + 0.06), dice.metal()))
    axles = [nose * 0.64, -nose * 0.62]
    for y in axles:  # wheel arches
        parts += pair(prism(arc((y, wheel), wheel * 1.2, 0, 180, "xy"), 0.05, (half, 0, 0), TYRE, "x"))
    bumper = dice.metal() if dice.chance(0.5) else dice.dark()
    parts += [box((1.9 * half, 0.16, 0.16), (0, y, low + 0.1), bumper) for y in (nose, -nose)]
    parts.append(box((half * 0.9, 0.06, 0.16), (0, nose - 0.01, hood - 0.14), TYRE))
    parts += pair(ellipsoid((0.2, 0.12, 0.1), (half * 0.74, nose - 0.07, hood - 0.08), LAMP))
    parts += pair(box((0.3, 0.08, 0.15), (half * 0.78, -nose, waist - 0.14), REAR))
    parts += pair(ellipsoid((0.12, 0.07, 0.08), (half + 0.05, base[0] - 0.3, waist + 0.06), paint))
    return parts + _wheels(wheel, 0.24, half - 0.07, axles, dice.metal())


@builtin("03790512")
def motorbike(dice: Dice) -> list[Part]:
    """Cruiser, sports bike or scooter."""
    style, paint, steel, leather = dice.integer(0, 2), dice.paint(), dice.metal(), dice.dark()
    wheel = dice.uniform(0.2, 0.24) if style == 2 else dice.uniform(0.31, 0.36)
    axle = (dice.uniform(0.72, 0.85), dice.uniform(0.64, 0.72), dice.uniform(0.55, 0.62))[style]
    rise = (dice.uniform(1.1, 1.35), 0.98, 1.05)[style]
    parts = []
    for y in (-axle, axle):
        parts += [torus(wheel - 0.055, 0.06, (0, y, wheel), TYRE, "x"), cylinder(0.07, 0.2, (0, y, wheel), steel, "x")]
        parts.append(cylinder(wheel * 0.62, 0.05, (0, y, wheel), steel, "x", sides=16))
        guard = arc((0, y, wheel), wheel + 0.05, 40 if y > 0 else 60, 150, "yz")
        parts += [tube(guard + shift, 0.05, paint, sides=8) for shift in ((-0.04, 0, 0), (0.04, 0, 0))]
    head = axle - (0.35 if style == 0 else 0.22)
    parts += pair(tube([(0.1, axle, wheel), (0.1, head, rise - 0.1)], 0.035, steel))
    grip, back = dice.uniform(0.36, 0.46), (0.25, 0.08, 0.12)[style]
    bar = [(-grip, head - back, rise), (-0.16, head, rise - 0.06), (0.16, head, rise - 0.06), (grip, head - back, rise)]
    parts.append(tube(bar, 0.03, steel))
    parts += pair(tube([bar[3], (grip + 0.01, head - back - 0.14, rise)], 0.04, TYRE))
    if style < 2:
        parts += [
            box((0.26, 0.5, 0.3), (0, 0, wheel + 0.1), leather),
            cylinder(0.13, 0.4, (0, -0.06, wheel), steel, "x"),
        ]
        parts += [
            frustum(0.1, 0.1, 0.34, (0, y, wheel + 0.26), steel).turned("x", t) for y, t in ((0.12, -25), (-0.1, 25))
        ]
        parts.append(ellipsoid((0.17, 0.33, 0.15), (0, 0.16, 0.86), paint))
        seat = loft(
            [
                [(x * w, y, 0.72 + z) for x, z in ((-1, 0), (1, 0), (0.8, 0.12), (-0.8, 0.12))]
                for y, w in ((-0.65, 0.12), (-0.4, 0.2), (-0.1, 0.13))
            ],
            leather,
        )
        parts.append(seat.turned("x", -14 if style else 0, (0, -0.1, 0.75)))
        pipe = [(0.15, 0.2, wheel), (0.2, 0, wheel - 0.08), (0.22, -axle, wheel + (0.3 if style else 0))]
        parts += [tube(pipe, 0.05, steel), tube([pipe[1], (0.22, -axle - 0.1, pipe[2][2] + 0.01)], 0.07, steel)]
    if style == 1:
        cowl = ellipsoid((0.2, 0.3, 0.24), (0, head + 0.05, 0.82), paint)
        belly = prism([(-0.3, 0.2), (0.3, 0.22), (0.45, 0.6), (0.2, 0.75), (-0.1, 0.5)], 0.34, (0, 0, 0), paint, "x")
        screen = ellipsoid((0.15, 0.2, 0.2), (0, head + 0.02, 0.96), GLASS)
        tail = taper((0.22, 0.45), (0.1, 0.3), 0.14, (0, -0.68, 0.76), paint, lean=(0, -0.1)).turned(
            "x", -10, (0, -0.6, 0.8)
        )
        parts += [cowl, belly, screen, tail]
    elif style == 2:
        shield = box((0.44, 0.07, 0.6), (0, head + 0.03, 0.58), paint).turned("x", 14, (0, head, 0.4))
        rear = loft(
            [
                [(x * w, y, z) for x, z in ((-1, 0.26), (1, 0.26), (1, t - 0.1), (0.7, t), (-0.7, t), (-1, t - 0.1))]
                for y, w, t in ((-axle - 0.25, 0.12, 0.55), (-axle, 0.22, 0.72), (-0.1, 0.18, 0.7))
            ],
            paint,
        )
        parts += [shield, rear, box((0.38, 0.75, 0.1), (0, 0, 0.28), leather)]
        parts += [prism(rounded(0.36, 0.68, 0.15), 0.12, (0, -axle + 0.12, 0.76), leather)]
    lamp = (0, head + (0.34 if style == 1 else 0.14), (rise - 0.12, 0.82, rise - 0.12)[style])
    parts += [cylinder(0.11, 0.16, lamp, steel, "y"), ellipsoid((0.09, 0.05, 0.09), (0, lamp[1] + 0.08, lamp[2]), LAMP)]
    return [*parts, box((0.16, 0.08, 0.08), (0, -axle - (0.25, 0.15, 0.22)[style], 0.7), REAR)]


@builtin("04225987")
def skateboard(dice: Dice) -> list[Part]:
    """Deck with two kicked ends, or a pointed longboard."""
    longboard = dice.chance(0.35)
    half, kick = dice.uniform(0.1, 0.125), 0.02 if longboard else dice.uniform(0.06, 0.09)
    front, deep = (dice.uniform(0.5, 0.56), 0.03) if longboard else (dice.uniform(0.38, 0.44), 0.03)
    wood, paint, grip, steel = dice.wood(), dice.paint(), dice.dark(), dice.metal()

    def plank(z: float, thick: float, margin: float) -> list[list[tuple[float, float, float]]]:
        rings = []
        for t in np.sin(np.linspace(-1.57, 1.57, 25)):
            blunt = 2 if longboard and t > 0 else 5  # a pointed nose or a round end
            width = (half - margin) * max(0.0004, 1 - abs(t) ** blunt) ** 0.5
            rise = z + kick * max(0.0, (abs(t) - 0.62) / 0.38) ** 1.3
            rings.append(
                [(s * width, t * (front - margin), rise + d) for s, d in ((-1, 0), (1, 0), (1, thick), (-1, thick))]
            )
        return rings

    parts = [
        loft(plank(0.12, deep, 0), wood),
        loft(plank(0.115, 0.012, -0.004), paint),
        loft(plank(0.15, 0.006, 0.008), grip),
    ]
    axle, wheel = front * 0.56, dice.uniform(0.036, 0.048)
    roller = dice.paint() if dice.chance(0.6) else dice.pale()
    for y in (-axle, axle):
        parts += [
            box((0.07, 0.11, 0.02), (0, y, 0.11), steel),
            tube([(-half, y, wheel), (half, y, wheel)], 0.014, steel),
        ]
        parts += [taper((0.06, 0.04), (0.06, 0.08), 0.08, (0, y, wheel), steel)]
        parts += pair(cylinder(wheel, 0.05, (half * 0.85, y, wheel), roller, "x"))
        parts += pair(cylinder(wheel * 0.4, 0.056, (half * 0.85, y, wheel), steel, "x", sides=10))
        parts += [
            cylinder(0.009, 0.012, (x, y + d, 0.158), steel, sides=8) for x in (-0.025, 0.025) for d in (-0.035, 0.035)
        ]
    # a stripe across the grip marks the nose
    mark = box((half * 1.2, 0.035, 0.012), (0, front * 0.35, 0.154), paint)
    logo = cylinder(half * 0.4, 0.012, (0, -front * 0.1, 0.154), paint, sides=5 + dice.integer(-2, 1))
    return [*parts, mark, logo] if dice.chance(0.6) else [*parts, mark]
