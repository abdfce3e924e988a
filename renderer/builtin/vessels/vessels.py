"""Built-in classes that hold food and drink: bottle, can, jar and mug."""

from ..kit import Color, Part, Vec, arc, box, cylinder, ellipsoid, frustum, prism, revolve, torus, tube
from ..registry import Dice, builtin


def _label(radii: Vec, height: float, z: float, spread: float, color: Color) -> Part:
    """A patch on the front of a cone, `spread` degrees to each side; `radii` are the cone's at `z` and `z + height`."""
    spread = min(spread, 172.5)  # a full turn: 24 points, without a copy of the first
    edge = arc((0, 0, 0), 1.03, 90 - spread, 90 + spread, "xy", 24)[:, :2]
    patch = prism(edge, height, (0, 0, height / 2), color)
    patch.vertices[:, :2] *= radii[0] + (radii[1] - radii[0]) * patch.vertices[:, 2:] / height
    return patch.moved((0, 0, z))


@builtin("03797390")
def mug(dice: Dice) -> list[Part]:
    """Straight, tapered or bulging, with a picture, a band or a drink in it."""
    radius, height = dice.uniform(0.28, 0.42), dice.uniform(0.55, 0.9)
    foot, belly = radius * dice.uniform(0.7, 1.0), radius * (dice.uniform(1.05, 1.2) if dice.chance(0.3) else 1)
    wall, glaze, accent = 0.045, dice.paint(), dice.pale() if dice.chance(0.6) else dice.paint()
    middle = height * 0.45
    outside = [(0, 0), (foot, 0), (belly, middle), (radius, height)]
    cup = revolve(
        [*outside, (radius - wall, height), (belly - wall, middle), (foot - wall, wall), (0, wall)], (0, 0, 0), glaze
    )
    reach = height * dice.uniform(0.22, 0.33)
    round_handle = arc((belly * 0.92, 0, height * 0.5), reach, -95, 95)
    square_handle = [(belly * 0.9 + reach * x, 0, height * 0.5 + reach * z) for x, z in HANDLE]
    parts = [
        cup,
        tube(round_handle if dice.chance(0.6) else square_handle, 0.05, accent if dice.chance(0.4) else glaze),
    ]
    if dice.chance(0.5):
        parts.append(_label((belly, (belly + radius) / 2), height * 0.3, middle, dice.uniform(25, 45), accent))
    else:
        parts.append(_label((foot, (foot + belly) / 2), height * 0.22, 0.01, 180, accent))
        parts.append(ellipsoid((0.1, 0.05, 0.1), (0, belly * 0.98, middle), accent))
    if dice.chance(0.6):
        drink = (0.09, 0.035, 0.012) if dice.chance(0.6) else (0.5, 0.2, 0.05)
        parts.append(cylinder(radius - wall * 0.9, 0.03, (0, 0, height * 0.86), drink))
    return parts


HANDLE = [(0, 1), (0.6, 1), (0.9, 0.8), (1, 0.4), (1, -0.2), (0.8, -0.7), (0.4, -1), (0, -1)]


@builtin("02876657")
def bottle(dice: Dice) -> list[Part]:
    """Wine, water or spray/pump bottle."""
    style = dice.integer(0, 2)
    radius, height = dice.uniform(0.13, 0.2), dice.uniform(0.55, 0.8)
    glass, paper, ink = dice.paint(), dice.pale(), dice.paint()
    if style == 0:  # wine: straight shoulders, long neck, foil
        glass = (0.02, dice.uniform(0.03, 0.15), 0.03) if dice.chance(0.7) else glass
        neck, top = radius * dice.uniform(0.33, 0.42), height * dice.uniform(1.5, 1.75)
        shoulder = height + radius * dice.uniform(0.5, 1.3)
        profile = [
            (0, 0.02),
            (radius * 0.9, 0),
            (radius, 0.03),
            (radius, height),
            (radius * 0.85, height + radius * 0.25),
        ]
        body = revolve(
            [*profile, (neck * 1.15, shoulder), (neck, shoulder + 0.08), (neck, top), (0, top)], (0, 0, 0), glass
        )
        foil = frustum(neck * 1.12, neck * 1.08, top * 0.2, (0, 0, top * 0.91), ink)
        parts = [body, foil, torus(neck, neck * 0.25, (0, 0, top - 0.01), ink)]
    elif style == 1:  # water: rings pressed into the wall, screw cap
        grip = [(radius * (1, 0.9)[k % 2], height * (0.08 + 0.06 * k)) for k in range(6)]
        neck, top = radius * dice.uniform(0.38, 0.5), height + radius * dice.uniform(0.8, 1.4)
        rest = [(radius, height * 0.45), (radius, height), (radius * 0.8, height + radius * 0.4), (neck, top), (0, top)]
        body = revolve(
            [(0, 0), (radius * 0.85, 0), *grip, *rest], (0, 0, 0), dice.pale() if dice.chance(0.4) else glass
        )
        parts = [
            body,
            cylinder(neck * 1.2, 0.1, (0, 0, top + 0.03), ink),
            torus(neck * 1.1, 0.025, (0, 0, top - 0.04), ink),
        ]
    else:  # soap: a pump with its spout to the front
        radius, height = radius * 1.3, height * 0.85
        curve = [
            (radius, 0.04),
            (radius * dice.uniform(0.8, 1), height * 0.6),
            (radius * 0.7, height),
            (0.07, height + 0.06),
        ]
        body = revolve([(0, 0), (radius * 0.92, 0), *curve, (0, height + 0.06)], (0, 0, 0), glass)
        z = height + 0.26
        spout = tube([(0, -0.06, z), (0, 0.1, z), (0, 0.2, z - 0.02), (0, 0.24, z - 0.08)], 0.032, paper)
        collar = cylinder(0.09, 0.08, (0, 0, height + 0.1), paper)
        parts = [
            body,
            collar,
            cylinder(0.03, 0.16, (0, 0, height + 0.17), paper),
            cylinder(0.07, 0.06, (0, 0, z), paper),
            spout,
        ]
    low, spread = height * (0.5 if style == 1 else 0.22), dice.uniform(45, 75)
    tall = height * dice.uniform(0.3, 0.42)
    parts.append(_label((radius, radius), tall, low, spread if style != 1 else 180, paper))
    parts.append(_label((radius * 1.02, radius * 1.02), tall * 0.4, low + tall * 0.3, spread * 0.6, ink))
    return parts


@builtin("02946921")
def can(dice: Dice) -> list[Part]:
    """Drink can, ribbed tin or spray can."""
    style, radius = dice.integer(0, 2), dice.uniform(0.24, 0.3)
    height = dice.uniform(0.55, 0.95) if style != 1 else dice.uniform(0.3, 0.65)
    tin, coat, ink = dice.metal(), dice.paint(), dice.pale() if dice.chance(0.6) else dice.paint()
    if style == 0:  # necked at both ends, with a tab and a mouth
        body = [(0, 0), (radius * 0.75, 0), (radius, 0.08), (radius, height - 0.12), (radius * 0.83, height - 0.02)]
        parts = [revolve([*body, (0, height - 0.02)], (0, 0, 0), coat)]
        parts.append(torus(radius * 0.81, 0.022, (0, 0, height - 0.01), tin))
        parts.append(cylinder(radius * 0.79, 0.02, (0, 0, height - 0.015), tin))
        parts.append(ellipsoid((0.07, 0.09, 0.012), (0, radius * 0.42, height - 0.005), dice.dark()))
        tab = tube(arc((0, -0.06, height + 0.01), 0.07, 0, 360, "xy", 16), 0.022, tin)
        parts += [tab, box((0.07, 0.12, 0.02), (0, 0.05, height + 0.01), tin)]
    elif style == 1:  # beads in bare metal, a paper wrapper, a ring pull
        profile = [(0, 0), (radius, 0), *((radius * (1, 0.95)[k % 2], height * (0.06 + 0.11 * k)) for k in range(9))]
        parts = [
            revolve(
                [
                    *profile,
                    (radius, height),
                    (radius - 0.03, height),
                    (radius - 0.03, height - 0.03),
                    (0, height - 0.03),
                ],
                (0, 0, 0),
                tin,
            )
        ]
        parts += [torus(radius, 0.022, (0, 0, z), tin) for z in (0.02, height - 0.01)]
        parts.append(_label((radius, radius), height * 0.72, height * 0.12, 180, coat))
        ring = tube(arc((0, 0, height - 0.005), 0.1, 0, 360, "xy", 16), 0.022, dice.metal())
        parts += [ring.moved((0, -0.05, 0)), box((0.05, 0.14, 0.03), (0, 0.09, height - 0.01), dice.metal())]
    else:  # dome, nozzle to the front, sometimes the cap on
        height *= 1.15
        radius *= 0.8
        dome = [(radius, height), (radius * 0.85, height + 0.06), (radius * 0.45, height + 0.12), (0, height + 0.13)]
        parts = [
            cylinder(radius, height, (0, 0, height / 2), coat),
            revolve([(0, height - 0.02), (radius * 1.03, height - 0.02), *dome], (0, 0, 0), tin),
        ]
        if dice.chance(0.35):
            parts.append(frustum(radius * 0.9, radius * 0.82, 0.24, (0, 0, height + 0.15), ink))
        else:
            parts.append(cylinder(0.075, 0.14, (0, 0, height + 0.17), ink))
            parts.append(cylinder(0.035, 0.06, (0, 0.08, height + 0.18), dice.dark(), "y"))
        parts.append(torus(radius, 0.02, (0, 0, 0.02), tin))
    spread, tall = dice.uniform(30, 60), height * dice.uniform(0.3, 0.5)
    parts.append(_label((radius * 1.02, radius * 1.02), tall, height * 0.22, spread, ink))
    parts.append(ellipsoid((0.1, 0.03, 0.1), (0, radius * 1.05, height * 0.22 + tall / 2), dice.paint()))
    return parts


@builtin("03593526")
def jar(dice: Dice) -> list[Part]:
    """Preserve jar with a screw lid, two-handled urn or cookie jar."""
    style, radius, height = dice.integer(0, 2), dice.uniform(0.26, 0.36), dice.uniform(0.5, 0.8)
    clay, lid, paper = dice.paint(), dice.paint(), dice.pale()
    if style == 0:  # a glass wall above its content
        glass, full = (0.55, 0.7, 0.7), height * dice.uniform(0.5, 0.8)
        parts = [revolve([(0, 0), (radius * 0.93, 0), (radius, 0.05), (radius, full), (0, full)], (0, 0, 0), clay)]
        upper = [(radius * 0.995, full - 0.02), (radius * 0.995, height * 0.85), (radius * 0.8, height), (0, height)]
        parts.append(revolve([(0, full - 0.02), *upper], (0, 0, 0), glass))
        parts.append(cylinder(radius * 0.87, 0.13, (0, 0, height + 0.06), lid))
        parts.append(cylinder(radius * 0.7, 0.02, (0, 0, height + 0.13), dice.pale()))
        tall = height * 0.35
        parts.append(_label((radius, radius), tall, height * 0.22, dice.uniform(35, 55), paper))
        parts.append(_label((radius * 1.02, radius * 1.02), tall * 0.35, height * 0.22 + tall * 0.32, 25, lid))
    elif style == 1:  # urn: foot, belly, neck, flared lip
        height *= 1.2
        neck, belly = radius * dice.uniform(0.38, 0.55), dice.uniform(0.45, 0.65)
        side = [
            (radius * 0.5, 0),
            (radius * 0.45, 0.06),
            (radius * 0.85, height * belly * 0.6),
            (radius, height * belly),
        ]
        side += [
            (radius * 0.85, height * (belly + 0.15)),
            (neck, height * 0.88),
            (neck * 1.1, height),
            (neck * 1.5, height + 0.04),
        ]
        inside = [(neck * 1.3, height + 0.04), (neck * 0.8, height * 0.9), (0, height * 0.8)]
        parts = [revolve([(0, 0), *side, *inside], (0, 0, 0), clay)]
        parts.append(_label((side[2][0], radius), height * belly * 0.4, height * belly * 0.6, 180, lid))
        ear = [
            (radius * 0.85, 0, height * (belly + 0.1)),
            (radius * 1.25, 0, height * 0.78),
            (radius * 1.2, 0, height * 0.92),
            (neck, 0, height * 0.93),
        ]
        handle = tube(ear, 0.045, lid)
        parts += [handle, handle.mirrored()]
        parts.append(ellipsoid((0.12, 0.05, 0.12), (0, radius * 0.97, height * belly), paper))
    else:  # cookie jar: squat, domed lid, knob
        side = [
            (radius * 0.8, 0),
            (radius * 1.1, height * 0.35),
            (radius * 1.05, height * 0.6),
            (radius * 0.8, height * 0.8),
        ]
        parts = [revolve([(0, 0), *side, (0, height * 0.8)], (0, 0, 0), clay)]
        cover = [(radius * 0.9, 0), (radius * 0.9, 0.05), (radius * 0.6, 0.13), (0.05, 0.18), (0, 0.18)]
        parts.append(revolve([(0, 0), *cover], (0, 0, height * 0.79), lid))
        parts.append(ellipsoid((0.075, 0.075, 0.07), (0, 0, height * 0.79 + 0.22), paper))
        parts.append(_label((radius * 1.1, radius * 1.05), height * 0.25, height * 0.35, 40, paper))
        if dice.chance(0.6):
            lug = tube(arc((radius * 1.02, 0, height * 0.5), 0.12, -90, 90), 0.04, lid)
            parts += [lug, lug.mirrored()]
    return parts
