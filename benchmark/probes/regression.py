"""What the probes that regress numbers share: both R2s with floor, interval and ceiling."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..bootstrap import R2, Bootstrap, Measured

Array = NDArray[np.float64]


def both_r2(
    bootstrap: Bootstrap,
    name: str,
    targets: Array,
    found: Sequence[Array] | Array,
    objects: NDArray[np.int64],
    constant: Array,
    ceiling: Array | None,
) -> dict[str, Measured]:
    """NAME_r2_pooled and NAME_r2_mean.

    targets : (k, c); found : (S, k, c), of each seed; objects : (k,)
    constant : (c,), the answer that the floor gives; ceiling : (k, c), the best answer there is, if known
    """

    def measured(pooled: bool) -> Measured:
        floor = R2.of(targets, np.broadcast_to(constant, targets.shape), objects, pooled)
        top = None if ceiling is None else R2.of(targets, ceiling, objects, pooled)
        return bootstrap.measure([R2.of(targets, one, objects, pooled) for one in found], floor, top)

    return {f"{name}_r2_pooled": measured(True), f"{name}_r2_mean": measured(False)}
