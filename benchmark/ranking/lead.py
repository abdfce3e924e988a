"""The best of some values of a metric, and what chance leaves of its lead.

A difference is beyond chance if the leaderboard's rank intervals separate the two values: the paired bootstrap of
`statistics.rank_intervals`. A floor takes part in it as a row that does not vary.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..statistics.metric_info import MetricInfo
from ..statistics.rank_intervals import ranks
from .seeds import Value

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Lead:
    """The best of some values.

    names : all of them, best first; rivals : those that are not worse than the best beyond chance
    above : True if the best is better than the floor beyond chance
    sure : False if bootstrap samples are missing; then there are no rivals, and `above` is False
    """

    names: tuple[str, ...]
    rivals: tuple[str, ...]
    above: bool
    sure: bool

    @staticmethod
    def of(values: Mapping[str, Value], info: MetricInfo, level: float) -> "Lead":
        """Compare values by name, at least one. level : coverage of the rank intervals, such as 0.95."""
        names = tuple(sorted(values, key=lambda name: values[name].estimate.value, reverse=info.higher))
        samples = [draws for name in names if (draws := values[name].draws) is not None]
        if len(samples) < len(names):
            return Lead(names, (), above=False, sure=False)
        numbers = [values[name].estimate.value for name in names]
        objects = min(value.estimate.objects for value in values.values())

        def firsts(numbers: list[float], samples: list[Array]) -> list[bool]:
            intervals = ranks(np.array(numbers), np.stack(samples), level, info.higher, objects, info.of_object)
            return [interval.low == 1 for interval in intervals]

        floor = values[names[0]].estimate.floor
        rivals = firsts(numbers, samples)[1:]
        floors = firsts([numbers[0], floor], [samples[0], np.full_like(samples[0], floor)])[1]
        better = numbers[0] > floor if info.higher else numbers[0] < floor
        close = tuple(name for name, rival in zip(names[1:], rivals, strict=True) if rival)
        return Lead(names, close, above=better and not floors, sure=True)
