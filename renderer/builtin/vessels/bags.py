"""The built-in bag."""

from ..kit import Part, arc, box, cushion, cylinder, ellipsoid, prism, taper, torus, tube
from ..registry import Dice, builtin


@builtin("02773838")
def bag(dice: Dice) -> list[Part]:
    """Handbag with a flap, backpack, paper carrier bag or duffel bag."""
    style, cloth, trim, metal = (
        dice.integer(0, 3),
        dice.paint(),
        dice.paint(),
        dice.metal() if dice.chance(0.5) else (0.65, 0.45, 0.1),
    )
    wide, deep, tall = dice.uniform(0.75, 1.0), dice.uniform(0.26, 0.4), dice.uniform(0.5, 0.75)
    if style == 0:
        top = wide * dice.uniform(0.7, 1.0)
        parts = [taper((wide, deep), (top, deep * 0.5), tall, (0, 0, 0), cloth)]
        slope = deep * 0.25 / tall
        flap = [
            (-top * 0.5, 0.04),
            (-top * 0.46, -tall * 0.35),
            (0, -tall * dice.uniform(0.45, 0.6)),
            (top * 0.46, -tall * 0.35),
            (top * 0.5, 0.04),
        ]
        parts.append(
            prism(flap, 0.05, (0, deep * 0.25, tall), trim, "y").turned(
                "x", 14 if slope > 0.1 else 8, (0, deep * 0.25, tall)
            )
        )
        parts.append(box((top * 1.0, deep * 0.5 + 0.05, 0.05), (0, 0, tall + 0.015), trim))
        parts.append(box((0.12, 0.08, 0.09), (0, deep * 0.38 + 0.02, tall * 0.55), metal))
        handle = arc((0, 0, tall), top * 0.32, 0, 180, points=16) * (1, 1, 1)
        handle[:, 2] = tall + (handle[:, 2] - tall) * dice.uniform(1.0, 1.7)
        offsets = (-deep * 0.2, deep * 0.2) if dice.chance(0.5) else (0.0,)
        parts += [tube(handle, 0.032, trim).moved((0, y, 0)) for y in offsets]
        parts += [
            torus(0.05, 0.022, (x, y, tall + 0.02), metal, "y", 12) for x in (-top * 0.32, top * 0.32) for y in offsets
        ]
        return parts
    if style == 1:
        wide, tall = wide * 0.75, tall * 1.25
        parts = [cushion((wide, deep, tall), (0, 0, tall / 2), cloth, 5)]
        parts.append(cushion((wide * 0.8, 0.2, tall * 0.42), (0, deep / 2, tall * 0.3), trim, 5, cuts=2))
        parts.append(
            cushion(
                (wide * 1.03, deep * 1.08, tall * 0.25),
                (0, 0.02, tall * 0.9),
                trim if dice.chance(0.5) else dice.paint(),
                5,
                cuts=2,
            )
        )
        parts += [
            box((0.06, 0.04, tall * 0.3), (x, deep / 2 + 0.04, tall * 0.72), dice.dark())
            for x in (-wide * 0.22, wide * 0.22)
        ]
        parts.append(box((wide * 0.5, 0.03, 0.03), (0, deep / 2 + 0.1, tall * 0.42), metal))
        parts.append(tube(arc((0, -deep * 0.3, tall), 0.1, 0, 180), 0.03, dice.dark()))
        strap = tube(
            [
                (wide * 0.25, -deep / 2, tall * 0.92),
                (wide * 0.28, -deep / 2 - 0.16, tall * 0.65),
                (wide * 0.33, -deep / 2 - 0.12, tall * 0.3),
                (wide * 0.36, -deep / 2 + 0.02, tall * 0.1),
            ],
            0.045,
            trim,
        )
        parts += [strap, strap.mirrored()]
        pocket = cushion((0.14, deep * 0.6, tall * 0.3), (wide / 2, 0, tall * 0.22), trim, 4, cuts=2)
        return [*parts, pocket, pocket.mirrored()]
    if style == 2:
        tall *= 1.35
        inside = dice.dark()
        parts = [
            taper((wide, deep), (wide * 1.02, deep * 1.02), tall, (0, 0, 0), cloth),
            box((wide * 0.96, deep * 0.92, 0.02), (0, 0, tall), inside),
        ]
        parts += [box((wide * 1.03, 0.03, 0.08), (0, s * deep * 0.51, tall - 0.02), cloth) for s in (-1, 1)]
        parts += [box((0.03, deep * 1.02, 0.08), (s * wide * 0.51, 0, tall - 0.02), cloth) for s in (-1, 1)]
        loop = arc((0, 0, tall - 0.02), wide * 0.22, 0, 180, points=14)
        parts += [tube(loop, 0.022, trim).moved((0, y, 0)) for y in (-deep * 0.5, deep * 0.53)]
        mark, z = dice.pale() if dice.chance(0.5) else trim, tall * dice.uniform(0.4, 0.55)
        if dice.chance(0.5):
            parts.append(cylinder(wide * 0.24, 0.03, (0, deep * 0.515, z), mark, "y"))
        else:
            parts += [
                box((wide * 0.98, 0.02, tall * 0.12), (0, deep * 0.515, z + d), mark)
                for d in (-tall * 0.12, tall * 0.1)
            ]
        tissue = dice.pale()
        if dice.chance(0.5):
            parts += [
                taper((wide * 0.3, 0.1), (0.05, 0.03), 0.16, (x, 0, tall - 0.02), tissue, lean=(x * 0.3, 0))
                for x in (-wide * 0.25, 0.0, wide * 0.25)
            ]
        return parts
    radius = deep * 0.72
    long = wide * 1.3
    parts = [
        cylinder(radius, long, (0, 0, radius), cloth, "x"),
        *(ellipsoid((0.07, radius * 0.97, radius * 0.97), (s * long / 2, 0, radius), trim) for s in (-1, 1)),
    ]
    parts += [cylinder(radius * 1.04, 0.07, (x, 0, radius), trim, "x") for x in (-long * 0.22, long * 0.22)]
    parts.append(box((long * 0.8, 0.05, 0.03), (0, 0, radius * 2), metal))
    grip = arc((0, 0, radius * 1.85), long * 0.22, 0, 180, points=14)
    parts += [
        tube(grip, 0.03, trim).moved((0, y, 0)).turned("x", a, (0, 0, radius * 1.85))
        for y, a in ((0.08, -18), (-0.08, 18))
    ]
    return [
        *parts,
        cushion(
            (long * 0.34, 0.12, radius),
            (0, radius * 0.97, radius * 0.9),
            trim if dice.chance(0.5) else dice.paint(),
            6,
            cuts=2,
        ),
    ]
