"""Built-in classes that fly: airplane and rocket."""

from ..kit import Color, Part, Vec, box, cylinder, ellipsoid, frustum, pair, prism, revolve, taper, tube
from ..registry import Dice, builtin

GLASS: Color = (0.03, 0.05, 0.08)
BLACK: Color = (0.012, 0.012, 0.012)
WHITE: Color = (0.8, 0.8, 0.8)


def _wings(
    chords: tuple[float, float], span: float, sweep: float, at: Vec, color: Color, *, rise: float = 0
) -> list[Part]:
    """Two wings of `chords` (root, tip), lifted by `rise` degrees; the roots' leading edge is at `at`."""
    outline = [(0, 0), (0, -chords[0]), (span, -sweep - chords[1]), (span, -sweep)]
    return pair(prism(outline, 0.022, at, color).turned("y", -rise, at))


def _fin(chords: tuple[float, float], height: float, sweep: float, at: Vec, color: Color) -> Part:
    """An upright fin of `chords` (root, tip); its root's leading edge is at `at`."""
    return prism([(0, 0), (-sweep, height), (-sweep - chords[1], height), (-chords[0], 0)], 0.022, at, color, "x")


def _airliner(dice: Dice) -> list[Part]:
    r, paint, body = dice.uniform(0.055, 0.075), dice.paint(), dice.pale()
    hull = revolve(
        [
            (0, -0.5),
            (r * 0.3, -0.5),
            (r * 0.65, -0.38),
            (r, -0.2),
            (r, 0.36),
            (r * 0.85, 0.43),
            (r * 0.5, 0.48),
            (0, 0.5),
        ],
        (0, 0, 0),
        body,
        "y",
    )
    span, root, sweep = dice.uniform(0.38, 0.5), dice.uniform(0.17, 0.22), dice.uniform(0.12, 0.22)
    lead = dice.uniform(0.1, 0.16)
    parts = [hull, *_wings((root, 0.06), span, sweep, (0, lead, -r * 0.45), WHITE, rise=6)]
    parts += [
        box((2 * r + 0.008, 0.62, 0.02), (0, 0.06, r * 0.25), GLASS),
        box((2 * r + 0.004, 0.7, 0.03), (0, 0.02, -0.01), paint),
    ]
    parts += [
        box((r * 1.3, 0.035, 0.03), (0, 0.445, r * 0.45), GLASS),
        _fin((0.15, 0.07), 0.17, 0.12, (0, -0.33, r * 0.6), paint),
    ]
    tee = dice.chance(0.3)  # a T-tail, with the engines at the rear
    parts += _wings((0.1, 0.05), 0.17, 0.08, (0, -0.44, r + 0.1) if tee else (0, -0.38, r * 0.3), body)
    nacelle = dice.uniform(0.03, 0.04)
    spots = (
        [(r + nacelle, -0.3, r * 0.4)]
        if tee
        else [
            (span * t, lead - sweep * t + 0.02, -r * 0.45 + span * t * 0.1 - 0.04)
            for t in ((0.35, 0.65) if dice.chance(0.35) else (0.38,))
        ]
    )
    for at in spots:
        parts += pair(frustum(nacelle * 0.7, nacelle, 0.12, at, paint, "y"))
        parts += pair(cylinder(nacelle * 0.8, 0.125, at, BLACK, "y"))
    return parts


def _fighter(dice: Dice) -> list[Part]:
    r, body, trim = dice.uniform(0.05, 0.065), dice.metal() if dice.chance(0.6) else dice.paint(), dice.paint()
    hull = revolve(
        [(0, -0.46), (r * 0.8, -0.46), (r, -0.3), (r, 0.1), (r * 0.7, 0.32), (0, 0.52)], (0, 0, 0), body, "y"
    )
    parts = [
        hull,
        cylinder(r * 0.65, 0.06, (0, -0.46, 0), BLACK, "y"),
        frustum(r * 0.34, 0, 0.12, (0, 0.475, 0), trim, "y"),
    ]
    root, span = dice.uniform(0.34, 0.48), dice.uniform(0.26, 0.36)
    parts += _wings((root, 0.07), span, root * 0.75, (0, 0.12, -0.01), body)
    parts += _wings((0.16, 0.06), 0.17, 0.12, (0, -0.33, 0) if dice.chance(0.6) else (0, 0.27, 0.01), trim)
    parts.append(ellipsoid((r * 0.6, 0.12, r * 0.75), (0, 0.2, r * 0.6), GLASS))
    for x in (r + 0.01, -r - 0.01):
        parts += [box((0.06, 0.34, 0.075), (x, -0.05, -0.01), body), box((0.045, 0.02, 0.06), (x, 0.12, -0.01), BLACK)]
    twin, fin = dice.chance(0.5), _fin((0.18, 0.08), 0.16, 0.13, (0, -0.24, r * 0.7), trim)
    parts += pair(fin.moved((r, 0, -0.01)).turned("y", 15)) if twin else [fin]
    if dice.chance(0.6):  # missiles at the wing tips
        at = (span, 0.12 - root * 0.75 - 0.03, -0.01)
        parts += pair(cylinder(0.015, 0.2, at, WHITE, "y")) + pair(
            frustum(0.015, 0, 0.05, (at[0], at[1] + 0.124, -0.01), trim, "y")
        )
    return parts


def _propeller(dice: Dice) -> list[Part]:
    paint, trim, r = dice.paint(), dice.pale() if dice.chance(0.5) else dice.paint(), dice.uniform(0.06, 0.08)
    hull = revolve(
        [(0, -0.42), (r * 0.25, -0.42), (r, 0.05), (r, 0.26), (r * 0.75, 0.33), (0, 0.33)], (0, 0, 0), paint, "y"
    )
    span, chord, biplane = dice.uniform(0.4, 0.52), dice.uniform(0.13, 0.17), dice.chance(0.4)
    parts = [
        hull,
        *_wings((0.1, 0.07), 0.18, 0.03, (0, -0.31, 0.01), trim),
        _fin((0.13, 0.07), 0.15, 0.06, (0, -0.29, 0.01), trim),
    ]
    levels = [-r * 0.7, r + 0.1] if biplane else [r + 0.035 if dice.chance(0.5) else -r * 0.7]
    for z in levels:
        parts += _wings((chord, chord * 0.85), span, 0.02, (0, 0.2, z), trim)
    if levels[-1] > 0:  # struts carry the upper wing
        parts += [
            p
            for y in (0.17, 0.09)
            for p in pair(tube([(r * 0.5, y, -r * 0.6), (span * 0.6, y, levels[-1])], 0.011, BLACK))
        ]
    parts.append(taper((r * 1.5, 0.2), (r * 1.1, 0.1), 0.06, (0, 0.06, r * 0.75), GLASS, lean=(0, -0.01)))
    parts += [frustum(0.035, 0, 0.08, (0, 0.37, 0), trim, "y"), cylinder(r * 0.6, 0.02, (0, 0.33, 0), BLACK, "y")]
    blades, turn = dice.integer(2, 4), dice.uniform(0, 180)
    for k in range(blades):
        blade = box((0.03, 0.02, 0.17), (0, 0.36, 0.085), BLACK)
        parts.append(blade.turned("y", turn + 360 / blades * k))
    parts += pair(tube([(0, 0.2, -r * 0.5), (0.11, 0.22, -r - 0.07)], 0.013, paint))
    return parts + pair(cylinder(0.04, 0.03, (0.12, 0.22, -r - 0.08), BLACK, "x"))


@builtin("02691156")
def airplane(dice: Dice) -> list[Part]:
    """Airliner, jet fighter or propeller plane."""
    return (_airliner, _fighter, _propeller)[dice.integer(0, 2)](dice)


@builtin("04099429")
def rocket(dice: Dice) -> list[Part]:
    """Storybook rocket, launcher with boosters or missile."""
    style, body, trim = dice.integer(0, 2), dice.pale() if dice.chance(0.6) else dice.paint(), dice.paint()
    r, nose = (
        (dice.uniform(0.13, 0.18), dice.uniform(0.06, 0.085), dice.uniform(0.045, 0.06))[style],
        dice.uniform(0.16, 0.26),
    )
    top = 1 - nose
    waist = r * (0.65 if style == 0 else 1)
    hull = revolve(
        [(0, 0.06), (waist, 0.06), (r, 0.06 + top * 0.45), (r * (0.7 if style == 0 else 1), top), (0, top)],
        (0, 0, 0),
        body,
    )
    tip = r * (0.72 if style == 0 else 1.02)
    parts = [
        hull,
        revolve([(0, top - 0.01), (tip, top - 0.01), (tip * 0.75, top + nose * 0.45), (0, 1)], (0, 0, 0), trim),
    ]
    parts.append(frustum(waist * 0.9, waist * 0.5, 0.1, (0, 0, 0.03), BLACK))
    fins, tall = dice.integer(3, 4), (0.4, 0.14, 0.2)[style] * dice.uniform(0.8, 1.2)
    reach = (r + dice.uniform(0.1, 0.18)) if style == 0 else r + dice.uniform(0.06, 0.12)
    shape = [(0.01, 0.1), (reach, -0.06 if style == 0 else 0.03), (reach, tall * 0.35), (0.01, tall + 0.1)]
    fin = prism(shape, 0.03, (0, 0, 0), trim, "y")
    parts += [fin.turned("z", 90 + 360 / fins * k) for k in range(fins)]
    if style == 0:
        glass = dice.metal()
        for k in range(dice.integer(1, 2)):
            at = (0, r * 0.86 - 0.012 * k, 0.66 - 0.2 * k)
            parts += [cylinder(0.06, 0.08, at, glass, "y"), cylinder(0.042, 0.1, at, GLASS, "y")]
    elif style == 1:
        stage = dice.uniform(0.5, 0.62)
        parts += [cylinder(r + 0.006, 0.03, (0, 0, z), trim) for z in (stage, stage - 0.3)]
        parts += [box((r * 0.5, 0.03, 0.12), (0, r - 0.002, stage + 0.12), dice.paint())]
        count, long, slim = dice.integer(2, 4), dice.uniform(0.35, 0.5), r * 0.6
        for k in range(count):
            rod = revolve(
                [(0, 0), (slim * 0.7, 0), (slim, 0.04), (slim, long), (0, long + 0.1)], (r + slim, 0, 0.02), WHITE
            )
            band = cylinder(slim + 0.005, 0.05, (r + slim, 0, long * 0.8), trim)
            parts += [p.turned("z", 360 / count * (k + 0.5 * (count % 2))) for p in (rod, band)]
    else:
        middle = prism(
            [(0.01, 0.5), (reach * 0.9, 0.5), (reach * 0.9, 0.55), (0.01, 0.66)], 0.025, (0, 0, 0), trim, "y"
        )
        parts += [middle.turned("z", 90 + 360 / fins * k) for k in range(fins)]
        parts += [
            cylinder(r + 0.005, 0.04, (0, 0, 0.7), BLACK),
            box((r * 0.7, 0.03, 0.14), (0, r - 0.004, 0.38), dice.paint()),
        ]
    return parts
