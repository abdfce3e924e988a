"""Built-in classes that hold things: bottle, bowl, mug and their kin."""

from .kit import Part, arc, revolve, tube
from .registry import Dice, builtin


@builtin("03797390")
def mug(dice: Dice) -> list[Part]:
    radius, height = dice.uniform(0.28, 0.4), dice.uniform(0.55, 0.9)
    foot = radius * dice.uniform(0.75, 1.0)
    wall, glaze = 0.04, dice.paint()
    cup = revolve(
        [(0, 0), (foot, 0), (radius, height), (radius - wall, height), (foot - wall, wall), (0, wall)], (0, 0, 0), glaze
    )
    reach = height * dice.uniform(0.22, 0.33)
    handle = tube(arc((radius * 0.92, 0, height / 2), reach, -90, 90), wall, dice.pale() if dice.chance(0.3) else glaze)
    return [cup, handle]
