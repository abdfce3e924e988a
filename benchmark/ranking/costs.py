"""Cost columns of a leaderboard: size of the encoder, time and energy of training, speed of encoding.

iebench leaderboard --costs
"""

from collections.abc import Sequence

import numpy as np

from ..results.score import Cost
from .seeds import SeedGroup

WATTS = {"cpu": 10, "cuda": 400}
"""Assumed mean power of a device in W: of a core with its share of the memory, of a GPU. Cooling is not in it."""
TITLES = ("parameters", "hours", "kWh", "images/s")
UNKNOWN = "–"
LEGEND = (
    "parameters: of the encoder; hours: of training, devices x time, mean over seeds, with the kind of device (cpu: "
    f"processor time of one core); kWh: estimated energy of training, hours x {WATTS['cpu']} W for a core, "
    f"{WATTS['cuda']} W for a GPU; images/s: encoding on the device of the score, decoding included"
)


def cost_of(group: SeedGroup) -> Cost:
    """Return the cost of one run of a row: means over training seeds of hours and of images/s that are known."""
    costs = [score.cost for score in group.scores.values()]
    devices = dict.fromkeys(cost.training_device for cost in costs if cost.training_hours is not None)
    return Cost(
        parameters=costs[0].parameters,
        images_per_s=_mean([cost.images_per_s for cost in costs]),
        training_hours=_mean([cost.training_hours for cost in costs]),
        training_device=", ".join(filter(None, devices)),
    )


def energy_of(group: SeedGroup) -> float | None:
    """Estimate the energy of one training of a row in kWh, the mean over training seeds; None if it is unknown."""
    costs = [score.cost for score in group.scores.values()]
    return _mean(
        [
            cost.training_hours * WATTS[cost.training_device] / 1000
            for cost in costs
            if cost.training_hours is not None and cost.training_device in WATTS
        ]
    )


def cells(group: SeedGroup) -> list[str]:
    """Return the cells of a row under TITLES."""
    cost = cost_of(group)
    hours = UNKNOWN if cost.training_hours is None else f"{cost.training_hours:.3g} {cost.training_device}".rstrip()
    energy = energy_of(group)
    spent = UNKNOWN if energy is None else f"{energy:.2g}"
    speed = UNKNOWN if cost.images_per_s is None else f"{cost.images_per_s:,.0f}"
    return [UNKNOWN if cost.parameters is None else _short(cost.parameters), hours, spent, speed]


def _mean(numbers: Sequence[float | None]) -> float | None:
    known = [number for number in numbers if number is not None]
    return float(np.mean(known)) if known else None


def _short(number: int) -> str:
    """Format a number of parameters.

    >>> _short(11_176_512), _short(698_000), _short(512)
    ('11.2 M', '0.7 M', '512')
    """
    return f"{number / 1e6:,.1f} M" if number >= 100_000 else f"{number:,}"
