"""Uncertainty: scalars of a view that may tell whether its class, by the nearest train views, is wrong.

Kirchhof et al. (2023), "URL: a representation learning benchmark for transferable uncertainty estimates"; risk and
coverage: El-Yaniv and Wiener (2010), "On the foundations of noise-free selective classification".
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from ...data.rows import rows_of, spread_rows
from ...fitting.context import Context, Rows, Values, probe
from ...metrics.geometry.uncertainty import COVERED, UNCERTAINTY, risk_at
from ...statistics.bootstrap import Estimate, Mean
from ...statistics.metric_info import WHOLE
from ...statistics.selective import Auroc, Certainty, Risk
from ..classification import class_indices
from ..neighbours import nearest, query_tiles, unit_rows, votes_of

Array = NDArray[np.float64]
VIEWS = 10_000  # views of val, with at least one of each object


@probe("uncertainty", metrics=UNCERTAINTY, suite="full")
def uncertainty(context: Context) -> Values:
    """Measure the AUROC, the risk-coverage curve and the area under it per part, for some scalars of a view.

    The prediction is the class that the k nearest train views vote for, as in the probe `neighbours`. Scalars are the
    norm of the features, the distance to the nearest train view (1 - cosine), and the entropy of the vote; of encoders
    beside each other (`--wrap concat:...`) also the spread of their votes. The floor of a risk is that of views in
    random order. Nothing is measured if all predictions are wrong, or right.
    """
    settings, train, val = context.protocol.neighbours, context.train, context.val
    if settings is None:
        context.notes.append(
            "uncertainty is not measured: it needs kNN predictions, and the protocol has no neighbours"
        )
        return {}
    rows = spread_rows(val.objects, val.views, max(1, VIEWS // val.objects)).ravel()
    gallery = rows_of(np.arange(train.objects), train.views, min(settings.views, train.views))
    classes = np.unique(train.labels)
    labels, truth = class_indices(classes, train.labels[gallery]), class_indices(classes, val.labels[rows])
    values: Values = {}

    def neighbours_of(columns: slice) -> tuple[torch.Tensor, Array]:
        known = unit_rows(context, train, gallery, columns)
        near = [nearest(known, block, settings.k) for block in query_tiles(context, val, rows, columns)]
        cosines, indices = (torch.cat(blocks) for blocks in zip(*near, strict=True))
        return cosines, votes_of(cosines, indices, labels, settings.temperature, len(classes))

    for part, columns in context.parts.items():
        cosines, votes = neighbours_of(columns)
        scalars: dict[str, Array] = {
            "norm": -norms(context, rows, columns),
            "distance": 1.0 - cosines[:, 0].double().cpu().numpy().astype(np.float64),
            "entropy": entropies(votes),
        }
        if (
            part == WHOLE
            and context.encoder is not None
            and (members := getattr(context.encoder.module, "members", ()))
        ):
            scalars["spread"] = spread([neighbours_of(member)[1] for member in members])
        wrong = (votes.argmax(1) != truth).astype(np.float64)
        if wrong.any() and not wrong.all():
            values[part] = _measured(context, scalars, wrong, val.image_objects[rows])
    return values


def _measured(
    context: Context, scalars: dict[str, Array], wrong: Array, objects: NDArray[np.int64]
) -> dict[str, Estimate]:
    """Measure each scalar: scalars (n,), more for less certain views; wrong, objects : (n,)."""
    measure, random, best = context.bootstrap.measure, Mean.of(wrong, objects), Certainty(wrong, wrong, objects)
    values: dict[str, Estimate] = {}
    for scalar, amount in scalars.items():
        certainty = Certainty(amount, wrong, objects)
        values[f"{scalar}_auroc"] = measure(Auroc(certainty), 0.5)
        values[f"{scalar}_aurc"] = measure(Risk(certainty), random, Risk(best))
        for percent in COVERED:
            values[risk_at(percent, scalar)] = measure(Risk(certainty, percent), random)
    return values


def norms(context: Context, rows: Rows, columns: slice) -> Array:
    """Return the length of some views' features, as the encoder gives them: (n,) -> (n,)."""
    step = max(1, 2**24 // (columns.stop - columns.start))
    blocks = (context.val.features[rows[i : i + step], columns].astype(np.float64) for i in range(0, len(rows), step))
    return np.concatenate([np.linalg.norm(block, axis=1) for block in blocks])


def spread(votes: Sequence[Array]) -> Array:
    """Return the spread of an ensemble: votes (n, classes) of each member -> (n,).

    It is the entropy in nats of the mean of the members' shares, less the mean of their entropies: 0 if all vote alike
    (mutual information; Lakshminarayanan et al. 2017, "Simple and scalable predictive uncertainty estimation").
    """
    shares = np.stack([own / own.sum(1, keepdims=True) for own in votes])
    distance: Array = entropies(shares.mean(0)) - np.mean([entropies(own) for own in shares], axis=0)
    return distance


def entropies(votes: Array) -> Array:
    """Return the entropy in nats of each row of votes (n, classes) as shares of their sum."""
    shares = votes / votes.sum(1, keepdims=True)
    entropy: Array = -(shares * np.log(np.where(shares > 0, shares, 1))).sum(1)
    return entropy
