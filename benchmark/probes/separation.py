"""Separation of the halves: how much of what the whole knows is found in the part that should not have it.

Derived from the other probes' values and their draws, so that the interval is that of the quotient.
"""

from collections.abc import Mapping

import numpy as np

from ..statistics.bootstrap import Bootstrap, Measured, Resampled, interval
from ..statistics.metric_info import WHOLE

WRONG = {"pose_leak": ("invariant", "rotation_r2_mean"), "class_leak": ("equivariant", "top1")}
"""A leak, the part that it is in, and the metric that finds it."""
LEAST = 0.05  # of what the whole knows: a draw in which it knows less counts as this much, or its quotient is anything


def separation(values: Mapping[str, Mapping[str, Measured]], bootstrap: Bootstrap) -> dict[str, dict[str, Measured]]:
    """pose_leak of the invariant and class_leak of the equivariant part: (part - floor) / (whole - floor).

    0: the part has nothing of it; 1: as much as the whole. Left out where the whole's own interval reaches its floor:
    what nobody knows cannot leak.
    """
    found: dict[str, dict[str, Measured]] = {}
    for leak, (part, metric) in WRONG.items():
        here, whole = values.get(part, {}).get(metric), values.get(WHOLE, {}).get(metric)
        if not (isinstance(here, Resampled) and isinstance(whole, Resampled)) or whole.low <= whole.floor:
            continue
        known = whole.value - whole.floor
        draws = (here.draws - whole.floor) / np.maximum(whole.draws - whole.floor, LEAST * known)
        low, high = interval(draws, bootstrap.level)
        found[part] = {
            leak: Resampled(
                value=(here.value - whole.floor) / known,
                low=float(low),
                high=float(high),
                floor=0.0,
                n=here.n,
                objects=here.objects,
                draws=draws,
                each=None,
            )
        }
    return found
