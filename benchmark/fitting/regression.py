"""Shared code of probes that regress numbers: both R2s with floor, interval and ceiling."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..statistics.bootstrap import Bootstrap, Estimate
from ..statistics.explained import LEAST, R2

Array = NDArray[np.float64]
Chosen = NDArray[np.int64]


def left_out(name: str, kept: Chosen, components: int) -> list[str]:
    """Return a note about the components that the average NAME leaves out, if any."""
    if len(kept) == components:
        return []
    return [
        f"{name} averages {len(kept)} of {components} components: the others vary by less than {LEAST:.0%} of the "
        "largest in train or val"
    ]


def both_r2(
    bootstrap: Bootstrap,
    name: str,
    targets: Array,
    predictions: Sequence[Array] | Array,
    objects: NDArray[np.int64],
    constant: Array,
    ceiling: Array | None,
    kept: Chosen,
) -> dict[str, Estimate]:
    """Measure NAME_r2_pooled, over all components, and NAME_r2_mean, over those that vary.

    targets : (k, c); predictions : (S, k, c), per seed; objects : (k,)
    constant : (c,), prediction for the floor; ceiling : (k, c), best possible prediction, if known
    kept : indices of the components that vary
    """

    def measured(pooled: bool, chosen: Chosen | slice) -> Estimate:
        def of(outputs: Array) -> R2:
            return R2.of(targets[:, chosen], outputs[:, chosen], objects, pooled)

        floor = of(np.broadcast_to(constant, targets.shape))
        return bootstrap.measure(
            [of(prediction) for prediction in predictions], floor, None if ceiling is None else of(ceiling)
        )

    return {f"{name}_r2_pooled": measured(True, slice(None)), f"{name}_r2_mean": measured(False, kept)}
