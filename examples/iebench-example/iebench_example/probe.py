"""view_similarity: cosine of the representations of two views of an object. 1 for an invariant encoder.

iebench leaderboard --sort view_similarity
"""

import numpy as np
from numpy.typing import NDArray

from iebench.benchmark.fitting.context import Context, Rows, Values, probe
from iebench.benchmark.statistics.bootstrap import Mean
from iebench.benchmark.statistics.metric_info import MetricInfo

# A score stores this description, so that tables show the metric; they rank it only where this package is installed.
SIMILARITY = MetricInfo(
    title="view similarity",
    about="cosine of the representations of two views of one object, mean over objects",
    digits=2,
    within=(-1.0, 1.0),
    floor="views of different objects",
    ceiling="equal representations",
)


@probe("view-similarity", metrics={"view_similarity": SIMILARITY})
def view_similarity(context: Context) -> Values:
    """Return part of the representation -> metric -> value with its interval."""
    val = context.val
    rows, objects = val.pairs_of(np.arange(val.objects), rounds=1)  # (objects, 2) rows of the features: a pair each
    strangers = np.stack([rows[:, 0], np.roll(rows[:, 1], 1)], axis=1)  # a view of an object, and one of the next
    values: Values = {}
    for part, columns in context.parts.items():  # "whole", and slices such as "invariant" if the method has them
        features = val.features[:, columns]
        same = Mean.of(cosines(features, rows), objects)
        floor = Mean.of(cosines(features, strangers), objects)
        values[part] = {"view_similarity": context.bootstrap.measure(same, floor, 1.0)}
    return values


def cosines(features: NDArray[np.float32], rows: Rows) -> NDArray[np.float64]:
    """Return the cosine of each pair of rows (k, 2): (k,)."""
    left, right = (features[column].astype(np.float64) for column in rows.T)
    lengths = np.linalg.norm(left, axis=1) * np.linalg.norm(right, axis=1)
    cosine: NDArray[np.float64] = np.clip((left * right).sum(1) / np.maximum(lengths, 1e-12), -1.0, 1.0)
    return cosine
