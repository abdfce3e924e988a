"""Ceilings of rotation: best possible R² from the shape alone, and from shape and colour."""

import numpy as np

from ...fitting.context import Context, Values, probe
from ...metrics.geometry.ceilings import CEILINGS
from ...statistics.explained import R2, varying
from ...statistics.metric_info import WHOLE
from ..rotation import matrices


@probe("ceilings", metrics=CEILINGS, suite="full")
def ceilings(context: Context) -> Values:
    """Measure ceiling_shape and ceiling_colour on val's pairs, where `iebench symmetry` has analysed colours."""
    colour, val = context.oracle, context.val
    shape = None if context.symmetries is None else context.symmetries.blind
    rows, objects = val.evaluation_rows(2, every=False)
    if colour is None or shape is None:
        return {}
    truth = matrices(val, rows)
    train, _ = context.train.all_pairs()
    learnt = matrices(context.train, train)
    kept = varying(learnt, truth)
    if not len(kept):
        return {}
    floor = R2.of(truth[:, kept], np.broadcast_to(learnt.mean(0)[kept], (len(truth), len(kept))), objects, pooled=False)
    return {
        WHOLE: {
            name: context.bootstrap.measure(
                R2.of(truth[:, kept], oracle(val, rows).reshape(-1, 9)[:, kept], objects, pooled=False), floor
            )
            for name, oracle in (("ceiling_shape", shape), ("ceiling_colour", colour))
        }
    }
