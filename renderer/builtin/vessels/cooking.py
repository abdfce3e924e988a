"""Built-in machines that heat: microwaves and stove."""

from ..kit import Part, box, cylinder, frustum, torus, tube
from ..registry import Dice, builtin
from ..rooms.appliances import BLACK, GLASS, LIT, bar, dial, enamel


@builtin("03761084")
def microwaves(dice: Dice) -> list[Part]:
    """With a keypad or with two dials; the door closed or ajar."""
    width, depth, height = dice.uniform(1.05, 1.25), dice.uniform(0.6, 0.75), dice.uniform(0.55, 0.68)
    case, face, front = enamel(dice), dice.dark() if dice.chance(0.5) else dice.pale(), depth / 2
    steel, panel = dice.metal(), width * dice.uniform(0.22, 0.28)
    left, wide = width / 2, width - panel
    parts = [box((width, depth, height), (0, 0, height / 2 + 0.04), case)]
    parts += [cylinder(0.04, 0.05, (x * left * 0.85, y * front * 0.8, 0.02), BLACK) for x in (-1, 1) for y in (-1, 1)]
    middle, centre = -left + panel / 2, 0.04 + height / 2
    parts.append(box((panel - 0.02, 0.04, height - 0.03), (middle, front, centre), face))
    parts.append(box((panel * 0.76, 0.06, height * 0.14), (middle, front, centre + height * 0.36), BLACK))
    parts += [
        box((panel * 0.12, 0.07, height * 0.07), (middle + panel * d, front, centre + height * 0.36), LIT)
        for d in (-0.24, -0.08, 0.08, 0.24)
    ]
    if dice.chance(0.5):
        keys, pitch = dice.metal() if face[0] < 0.3 else dice.dark(), panel * 0.26
        parts += [
            box(
                (pitch * 0.76, 0.07, height * 0.075),
                (middle + pitch * i, front, centre + height * (0.2 - 0.11 * j)),
                keys,
            )
            for i in (-1, 0, 1)
            for j in range(4)
        ]
        parts.append(box((panel * 0.72, 0.08, height * 0.11), (middle, front, centre - height * 0.35), dice.paint()))
    else:
        knob = dice.metal() if dice.chance(0.5) else dice.paint()
        for d in (0.1, -0.26):
            parts += dial(
                panel * 0.3,
                (middle, front + 0.04, centre + height * d),
                knob,
                BLACK if knob[1] > 0.1 else case,
                dice.uniform(-120, 120),
            )
    at = left - wide / 2
    door = [
        box((wide - 0.02, 0.06, height - 0.03), (at, front + 0.02, centre), face),
        box((wide * 0.74, 0.08, height * 0.62), (at + wide * 0.04, front + 0.02, centre), GLASS),
    ]
    grip_x = at - wide / 2 + 0.07
    door.append(
        tube(
            [
                (grip_x, front + 0.05, centre - height * 0.3),
                (grip_x, front + 0.1, centre - height * 0.24),
                (grip_x, front + 0.1, centre + height * 0.24),
                (grip_x, front + 0.05, centre + height * 0.3),
            ],
            0.025,
            steel,
        )
    )
    opened = dice.uniform(50, 100) if dice.chance(0.3) else 0.0
    if opened:
        parts.append(box((wide * 0.84, 0.02, height * 0.78), (at, front, centre), (0.25, 0.2, 0.1)))
        parts.append(
            cylinder(wide * 0.32, 0.05, (at, front, 0.14), (0.3, 0.4, 0.45)).scaled((1, 0.25, 1), (at, front, 0))
        )
    return parts + [p.turned("z", -opened, (left, front + 0.03, 0)) for p in door]


def _burner(r: float, at: tuple[float, float, float], gas: bool, glow: bool) -> list[Part]:
    """A gas ring under its iron cross, or an electric spiral that may glow."""
    hot = (0.8, 0.08, 0.01) if glow else BLACK
    if gas:
        grate = [box((2.3 * r, 0.03, 0.04), (at[0], at[1], at[2] + 0.05), BLACK).turned("z", t, at) for t in (0, 90)]
        return [
            cylinder(r * 0.45, 0.05, at, (0.3, 0.3, 0.3)),
            torus(r, 0.022, (at[0], at[1], at[2] + 0.04), BLACK),
            *grate,
        ]
    return [torus(r * t, 0.022, at, hot) for t in (0.45, 0.75, 1.05)] + [cylinder(r * 0.2, 0.04, at, hot)]


@builtin("04330267")
def stove(dice: Dice) -> list[Part]:
    """Gas or electric cooker, with or without a panel behind; or an iron wood stove."""
    if dice.chance(0.25):
        iron, brass = dice.dark(), (0.5, 0.32, 0.08)
        width, depth, height = dice.uniform(0.7, 0.9), dice.uniform(0.55, 0.7), dice.uniform(0.65, 0.85)
        front, pipe = depth / 2, dice.uniform(0.5, 0.8)
        parts = [
            box((width, depth, height), (0, 0, 0.2 + height / 2), iron),
            box((width + 0.1, depth + 0.1, 0.06), (0, 0, 0.22 + height), dice.metal()),
        ]
        parts += [
            frustum(0.03, 0.06, 0.22, (x * width * 0.42, y * depth * 0.4, 0.1), iron) for x in (-1, 1) for y in (-1, 1)
        ]
        parts += [
            cylinder(0.09, pipe, (0, -depth * 0.25, 0.22 + height + pipe / 2), iron),
            cylinder(0.11, 0.06, (0, -depth * 0.25, 0.3 + height), brass),
        ]
        parts += [box((width * 0.74, 0.05, height * 0.62), (0, front, 0.24 + height / 2), dice.metal())]
        parts += [
            box((width * 0.58, 0.07, height * 0.42), (0, front, 0.24 + height / 2), (0.85, 0.25, 0.02)),
            box((0.05, 0.1, 0.12), (-width * 0.33, front + 0.02, 0.24 + height / 2), brass),
        ]
        return parts + [box((width * 0.6, 0.09, 0.025), (0, front, 0.24 + height * t), iron) for t in (0.4, 0.5, 0.6)]
    width, depth, height = dice.uniform(0.85, 1.1), dice.uniform(0.75, 0.85), dice.uniform(0.95, 1.1)
    case, trim, front = enamel(dice), dice.dark() if dice.chance(0.5) else dice.metal(), depth / 2
    gas, steel, knob = dice.chance(0.5), dice.metal(), dice.dark() if dice.chance(0.5) else dice.paint()
    top = (0.05, 0.05, 0.06) if dice.chance(0.3) else dice.metal() if case[0] > 0.6 else dice.pale()
    parts = [
        box((width, depth, height), (0, 0, height / 2), case),
        box((width + 0.02, depth + 0.02, 0.04), (0, 0, height), top),
    ]
    for x in (-1, 1):
        for y in (-1, 1):
            parts += _burner(
                dice.uniform(0.1, 0.14),
                (x * width * 0.24, y * depth * 0.22 + 0.02, height + 0.035),
                gas,
                not gas and dice.chance(0.25),
            )
    back = dice.chance(0.6)
    if back:
        tall = dice.uniform(0.18, 0.3)
        parts += [
            box((width, 0.08, tall), (0, -front + 0.04, height + tall / 2), case),
            box((width * 0.3, 0.1, tall * 0.5), (0, -front + 0.05, height + tall * 0.55), BLACK),
        ]
        parts.append(box((width * 0.2, 0.12, tall * 0.24), (0, -front + 0.05, height + tall * 0.55), LIT))
    else:
        parts.append(box((width * 0.18, 0.07, 0.08), (0, front, height - 0.11), BLACK))
    parts.append(box((width * 0.98, 0.04, 0.15), (0, front, height - 0.11), trim))
    for spot in (-0.4, -0.24, 0.24, 0.4):
        parts += dial(
            0.055,
            (spot * width, front + 0.05, height - 0.11),
            knob if trim[0] > 0.1 else steel,
            case,
            dice.uniform(-90, 90),
        )
    door, drawer = height * 0.5, height * 0.16
    middle = 0.08 + drawer + door / 2
    parts += [
        box((width * 0.95, 0.05, door), (0, front, middle), trim if dice.chance(0.4) else case),
        box((width * 0.62, 0.07, door * 0.5), (0, front, middle - 0.03), GLASS),
    ]
    parts += bar(width * 0.8, front + 0.02, middle + door * 0.41, steel)
    parts += [
        box((width * 0.95, 0.05, drawer), (0, front, 0.06 + drawer / 2), case),
        box((width * 0.4, 0.08, 0.035), (0, front, 0.06 + drawer * 0.7), steel),
    ]
    return [*parts, box((width * 0.94, 0.03, 0.05), (0, front - 0.01, 0.025), BLACK)]
