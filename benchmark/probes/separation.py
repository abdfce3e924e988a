"""Separation of the parts: fraction of the whole representation's information that is in the wrong part.

It is derived from the other probes' values and bootstrap samples, so that the interval is that of the quotient.
"""

from collections.abc import Mapping

import numpy as np

from ..statistics.bootstrap import Bootstrap, Estimate, Resampled, interval
from ..statistics.metric_info import WHOLE

WRONG = {"pose_leak": ("invariant", "rotation_r2_mean"), "class_leak": ("equivariant", "top1")}
"""Name of a leak, the part that it is measured in, and the metric that measures it."""
LEAST = 0.05  # of the whole's score above its floor; smallest denominator in a bootstrap sample


def separation(values: Mapping[str, Mapping[str, Estimate]], bootstrap: Bootstrap) -> dict[str, dict[str, Estimate]]:
    """Return pose_leak of the invariant and class_leak of the equivariant part: (part - floor) / (whole - floor).

    0: the part has none of the information; 1: as much as the whole. Left out if the interval of the whole includes its
    floor, since there is then no information that could leak.
    """
    leaks: dict[str, dict[str, Estimate]] = {}
    for leak, (part, metric) in WRONG.items():
        entry, total = values.get(part, {}).get(metric), values.get(WHOLE, {}).get(metric)
        if not (isinstance(entry, Resampled) and isinstance(total, Resampled)) or total.low <= total.floor:
            continue
        known = total.value - total.floor
        draws = (entry.draws - total.floor) / np.maximum(total.draws - total.floor, LEAST * known)
        low, high = interval(draws, bootstrap.level)
        leaks[part] = {
            leak: Resampled(
                value=(entry.value - total.floor) / known,
                low=float(low),
                high=float(high),
                floor=0.0,
                n=entry.n,
                objects=entry.objects,
                draws=draws,
                each=None,
            )
        }
    return leaks
