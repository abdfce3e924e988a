"""Built-in classes that are worn or carried: bag, cap, earphone and helmet."""

import numpy as np

from ..kit import Array, Color, Part, arc, box, cushion, cylinder, ellipsoid, revolve, sheet, torus, tube
from ..registry import Dice, builtin


def _dome(radii: tuple[float, float, float], wall: float, color: Color, low: float = 0.0) -> Part:
    """A hollow half ellipsoid, open below at height `low` (a share of its height, from -1)."""
    angles = np.linspace(np.arcsin(low), np.pi / 2, 9)
    outside = [(np.cos(a), np.sin(a)) for a in angles[:-1]]
    inside = [(r * (1 - wall), h * (1 - wall) + low * wall) for r, h in outside[::-1]]
    # the profile of `revolve` must start and end on the axis: it runs down the inside, then up the outside
    profile = [(0.0, 1 - wall), *inside, *outside, (0.0, 1.0)]
    return revolve(profile, (0, 0, 0), color, sides=32).scaled(radii)


def _visor(radius: float, reach: float, spread: float, dip: float, y_stretch: float) -> Array:
    """Return the points of a brim in front of a crown, `reach` long in the middle, its two sides lower by `dip`."""
    angles = np.radians(np.linspace(90 + spread, 90 - spread, 15))
    side = np.cos((angles - np.pi / 2) * 90 / spread)
    rows = []
    for t in np.linspace(0, 1, 5):
        radii = radius * 0.97 + reach * t * np.clip(side, 0.04, 1) ** 0.6
        x, y = radii * np.cos(angles), radius * y_stretch * np.sin(angles) + (radii - radius) * np.sin(angles)
        rows.append(np.column_stack([x, y, -dip * (x / radius) ** 2 - 0.12 * reach * t]))
    return np.array(rows)


@builtin("02954340")
def cap(dice: Dice) -> list[Part]:
    """Baseball cap, peaked uniform cap or knitted bobble cap."""
    style, cloth, trim, badge = (0, 0, 1, 2)[dice.integer(0, 3)], dice.paint(), dice.paint(), dice.pale()
    radius, high = 0.4, dice.uniform(0.34, 0.44)
    if style == 0:
        stretch = 1.12
        parts = [_dome((radius, radius * stretch, high), 0.06, cloth)]
        peak = cloth if dice.chance(0.4) else trim
        parts.append(
            sheet(_visor(radius, dice.uniform(0.28, 0.4), 62, dice.uniform(0.02, 0.12), stretch), 0.03, peak).moved(
                (0, 0, 0.03)
            )
        )
        parts.append(ellipsoid((0.045, 0.045, 0.03), (0, 0, high), trim))
        seam = arc((0, 0, 0), 1.01, 4, 86, "xz")
        parts += [
            tube(seam * (radius, radius, high), 0.012, trim, 6).turned("z", a).scaled((1, stretch, 1))
            for a in range(0, 360, 60)
        ]
        if dice.chance(0.45):  # the pale front panel of a trucker cap
            parts.append(
                ellipsoid((radius * 0.55, 0.08, high * 0.4), (0, radius * 0.95, high * 0.42), badge).turned(
                    "x", 18, (0, radius, 0)
                )
            )
        parts.append(
            ellipsoid((0.13, 0.05, 0.1), (0, radius * 1.03, high * 0.45), dice.paint()).turned("x", 22, (0, radius, 0))
        )
        return [*parts, box((0.2, 0.03, 0.05), (0, -radius * stretch, 0.04), trim)]
    if style == 1:
        wide, tilt = dice.uniform(0.5, 0.58), dice.uniform(6, 12)
        crown = revolve(
            [(0, 0.1), (radius * 0.98, 0.1), (wide, 0.26), (wide * 0.95, 0.31), (0, 0.34)], (0, 0, 0), cloth, sides=32
        )
        parts = [
            crown.turned("x", tilt, (0, 0, 0.2)),
            torus(wide, 0.022, (0, 0, 0.26), trim).turned("x", tilt, (0, 0, 0.2)),
        ]
        band = [(radius, 0), (radius * 1.02, 0.17), (radius * 0.9, 0.17), (radius * 0.9, 0)]
        parts.append(revolve([(0, 0.12), (radius * 0.9, 0), *band[:2], (0, 0.17)], (0, 0, 0), trim, sides=32))
        parts.append(
            sheet(_visor(radius, dice.uniform(0.22, 0.3), 65, 0.05, 1.0), 0.03, dice.dark())
            .moved((0, 0, 0.02))
            .turned("x", -14, (0, radius, 0))
        )
        gold = (0.65, 0.45, 0.08)
        parts.append(tube(arc((0, 0, 0.05), radius * 1.04, 25, 155, "xy"), 0.022, gold))
        parts.append(ellipsoid((0.085, 0.04, 0.1), (0, wide * 0.93, 0.2), gold))
        return [*parts, ellipsoid((0.05, 0.03, 0.06), (0, wide * 0.98, 0.2), badge)]
    high *= dice.uniform(1.1, 1.35)
    parts = [_dome((radius, radius * 1.05, high), 0.08, cloth)]
    ridge = arc((0, 0, 0), 1.0, 8, 84, "xz", 8) * (radius, radius, high)
    parts += [tube(ridge, 0.025, cloth, 6).turned("z", 15 * k) for k in range(24)]
    parts += [torus(radius * 1.02, 0.06, (0, 0, z), trim) for z in (0.03, 0.11)]
    if dice.chance(0.7):
        parts.append(ellipsoid((0.13, 0.13, 0.12), (0, 0, high + 0.08), badge))
    if dice.chance(0.5):  # ear flaps with strings
        flap = [
            cushion((0.06, 0.24, 0.26), (radius, 0, -0.1), cloth, 3, cuts=2),
            tube([(radius, 0, -0.2), (radius, 0.02, -0.45)], 0.022, trim),
        ]
        parts += [*flap, *(p.mirrored() for p in flap)]
    return [*parts, box((0.18, 0.05, 0.1), (0, radius * 1.07, 0.07), badge)]


@builtin("03513137")
def helmet(dice: Dice) -> list[Part]:
    """Motorcycle, hard hat, cycling or football helmet."""
    style, shell, trim, dark = dice.integer(0, 3), dice.paint(), dice.paint(), dice.dark()
    if style == 0:
        parts = [_dome((0.4, 0.47, 0.43), 0.1, shell, -0.75)]
        parts.append(ellipsoid((0.34, 0.3, 0.17), (0, 0.2, 0.02), dark))  # the visor bulges out of the shell
        parts.append(tube(arc((0, 0.09, -0.22), 0.36, 0, 180, "xy", 14), 0.09, shell))
        parts.append(box((0.26, 0.06, 0.04), (0, 0.53, -0.22), dark))
        parts += [cylinder(0.07, 0.05, (x, 0.12, 0.03), trim, "x") for x in (-0.385, 0.385)]
        stripe = arc((0, 0, 0), 1.0, 35, 165, "yz", 16) * (1, 0.475, 0.435)
        offsets = (0.0,) if dice.chance(0.5) else (-0.09, 0.09)
        return [*parts, *(tube(stripe, 0.035, trim).moved((x, 0, -0.01 if x == 0 else -0.025)) for x in offsets)]
    if style == 1:
        parts = [_dome((0.4, 0.46, 0.36), 0.08, shell), torus(0.42, 0.03, (0, 0, 0.02), shell).scaled((1, 1.14, 1))]
        parts.append(sheet(_visor(0.42, 0.22, 80, 0.02, 1.12), 0.04, shell).moved((0, 0, 0.03)))
        ridge = arc((0, 0, 0), 1.0, 25, 155, "yz", 14) * (1, 0.46, 0.36)
        parts += [
            tube(ridge, 0.04, shell).moved((x, 0, -0.25 * abs(x) if x else 0.01))
            for x in ((-0.12, 0, 0.12) if dice.chance(0.5) else (0,))
        ]
        parts.append(ellipsoid((0.1, 0.06, 0.08), (0, 0.42, 0.17), trim))
        if dice.chance(0.5):
            muffs = [
                ellipsoid((0.08, 0.13, 0.16), (0.44, 0, -0.1), trim),
                tube([(0.44, 0, 0.02), (0.42, 0, 0.12)], 0.03, dark),
            ]
            return [*parts, *muffs, *(p.mirrored() for p in muffs)]
        strap = arc((0, 0.02, 0), 1.0, 180, 360, "xz", 14) * (0.36, 1, dice.uniform(0.35, 0.5))
        return [*parts, tube(strap, 0.022, dark)]
    if style == 2:
        parts = [_dome((0.33, 0.5, 0.3), 0.14, shell), torus(0.33, 0.03, (0, 0, 0.01), trim).scaled((1, 1.5, 1))]
        for x, start, stop in ((0, 30, 155), (-0.13, 32, 150), (0.13, 32, 150)):  # vents, then ribs between
            vent = arc((0, 0, 0), 1.0, start, stop, "yz", 14) * (1, 0.5, 0.3)
            parts.append(tube(vent, 0.045, dark, 8).moved((x, 0, -1.0 * x * x - 0.018)))
        parts += [
            tube(
                arc((0, 0, 0), 1.0, 30, 150, "xz", 10) * (0.33, 1, 0.3) * np.sqrt(1 - (y / 0.5) ** 2) + (0, y, 0.01),
                0.04,
                trim,
                8,
            )
            for y in (-0.2, 0.02, 0.24)
        ]
        chin_strap = tube(
            [(0.3, 0.12, 0), (0.22, 0.1, -0.25), (0, 0.1, -0.38), (-0.22, 0.1, -0.25), (-0.3, 0.12, 0)], 0.022, dark
        )
        if dice.chance(0.6):
            parts.append(sheet(_visor(0.3, 0.16, 60, 0.03, 1.5), 0.025, dark).moved((0, 0, 0.03)))
        return [*parts, chin_strap]
    parts = [_dome((0.38, 0.46, 0.42), 0.1, shell, -0.55)]
    parts.append(cushion((0.56, 0.5, 0.3), (0, 0.19, -0.09), dark, 4, cuts=2))
    cage = dice.pale() if dice.chance(0.5) else dice.metal()
    for z, wide in ((-0.02, 0.37), (-0.14, 0.36), (-0.26, 0.34))[: dice.integer(2, 3)]:
        parts.append(_bar(z, wide, cage))
    parts += [tube([(x, 0.555, 0.0), (x, 0.555, -0.27)], 0.026, cage) for x in (-0.1, 0.1)]
    stripe = arc((0, 0, 0), 1.0, 30, 175, "yz", 16) * (1, 0.465, 0.425)
    parts += [
        tube(stripe, 0.04, trim),
        cylinder(0.06, 0.04, (0.375, 0, -0.08), trim, "x"),
        cylinder(0.06, 0.04, (-0.375, 0, -0.08), trim, "x"),
    ]
    return parts


def _bar(z: float, wide: float, color: Color) -> Part:
    """One bar of a face cage, bent round the front."""
    return tube(arc((0, 0, 0), 1.0, 0, 180, "xy", 14) * (wide, 0.42, 1) + np.array([0, 0.14, z]), 0.028, color)


@builtin("03261776")
def earphone(dice: Dice) -> list[Part]:
    """Headphones, a headset with a microphone, or a pair of earbuds on a wire."""
    style, shell, pad, trim = (
        dice.integer(0, 3),
        dice.paint(),
        dice.dark(),
        dice.metal() if dice.chance(0.5) else dice.paint(),
    )
    if style == 3:  # lying flat, the plug towards the front
        split, reach = dice.uniform(-0.05, 0.1), dice.uniform(0.16, 0.26)
        wire = tube(
            [(reach, -0.42, 0), (reach * 1.2, -0.25, 0), (reach * 0.7, -0.05, 0), (0.02, split + 0.1, 0)], 0.022, pad
        )
        bud = [
            ellipsoid((0.085, 0.07, 0.085), (reach, -0.5, 0.02), shell),
            ellipsoid((0.06, 0.06, 0.06), (reach - 0.08, -0.52, 0.03), pad),
        ]
        bud += [cylinder(0.03, 0.14, (reach, -0.42, 0), shell, "y"), wire]
        parts = [*bud, *(p.mirrored() for p in bud)]
        t = np.linspace(0, 1, 16)
        swing = dice.uniform(0.05, 0.12)
        tail = np.column_stack([swing * np.sin(6 * t), split + 0.1 + 0.5 * t, 0 * t])
        x, y = tail[-1, 0], tail[-1, 1]
        parts += [tube(tail, 0.022, pad), box((0.07, 0.1, 0.06), (0, split + 0.1, 0), shell)]
        return [
            *parts,
            cylinder(0.04, 0.14, (x, y + 0.05, 0), shell, "y"),
            cylinder(0.022, 0.12, (x, y + 0.16, 0), (0.6, 0.45, 0.1), "y"),
        ]
    radius, drop, cup = 0.38, dice.uniform(0.08, 0.2), dice.uniform(0.16, 0.22)
    oval = dice.uniform(1.0, 1.3)
    band = arc((0, 0, 0), radius, 0, 180, points=20)
    parts = [sheet(np.array([band + np.array([0, w, 0]) for w in (-0.06, 0.06)]), 0.05, shell)]
    parts.append(
        sheet(
            np.array(
                [arc((0, 0, 0), radius - 0.045, 35, 145, points=12) + np.array([0, w, 0]) for w in (-0.075, 0.075)]
            ),
            0.06,
            pad,
        )
    )
    side = [box((0.04, 0.07, drop + 0.06), (radius, 0, -drop / 2), trim)]
    ear = [
        cylinder(cup, 0.09, (radius + 0.01, 0, 0), shell, "x"),
        cylinder(cup * 0.7, 0.03, (radius + 0.065, 0, 0), trim, "x"),
    ]
    ear += [
        torus(cup * 0.75, cup * 0.3, (radius - 0.07, 0, 0), pad, "x"),
        cylinder(cup * 0.7, 0.05, (radius - 0.06, 0, 0), pad, "x"),
    ]
    side += [p.scaled((1, 1, oval)).moved((0, 0.02, -drop - cup * 0.5)) for p in ear]
    parts += [*side, *(p.mirrored() for p in side)]
    low = -drop - cup * 0.5
    if style == 2:
        boom = [
            (-radius - 0.04, 0.05, low),
            (-radius - 0.02, 0.22, low - 0.12),
            (-radius * 0.75, 0.36, low - 0.22),
            (-radius * 0.35, 0.42, low - 0.26),
        ]
        parts += [tube(boom, 0.022, pad), ellipsoid((0.08, 0.05, 0.05), boom[-1], pad)]
    elif dice.chance(0.6):
        parts.append(
            tube(
                [
                    (radius, 0.03, low - cup * oval),
                    (radius, 0.12, low - cup - 0.14),
                    (radius - 0.1, 0.34, low - cup - 0.18),
                    (radius - 0.3, 0.5, low - cup - 0.16),
                ],
                0.022,
                pad,
            )
        )
    return [*parts, box((0.1, 0.13, 0.03), (0.0, 0.0, radius + 0.02), trim)]
