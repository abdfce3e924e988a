"""Relative representations: each view by its cosines to fixed anchors, so that a head of one encoder fits another.

Moschella et al. (2023), "Relative representations enable zero-shot latent space communication".
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from iebench.baselines.action import ROTATION
from iebench.manifests.conventions import geodesic_degrees

from ..data.pairs import tuned
from ..data.rows import spread, spread_rows
from ..errors import DatasetError
from ..fitting.context import Split
from ..fitting.standardise import Standardiser, block_rows
from ..probes.classification import class_indices
from ..probes.rotation import matrices, quaternion, quaternions
from ..statistics.bootstrap import Bootstrap, Estimate, Mean
from ..statistics.metrics import best_constant_rotation
from ..statistics.retrieval import QUERIES, RankCounts, chance_reciprocal, rank_counts, unit_array
from ..statistics.ridge import Sums, fit
from .similarity import shifted

Array = NDArray[np.float64]
Rows = NDArray[np.int64]
ANCHORS = 256  # train objects, at most
NUMBERS = 2**24  # values of the relative representations that a head is fitted on, with at least a view of each object
TUNED = 0.2  # about this share of the train objects select the penalty
TIE = 1e-6  # cosines that differ by less rank equally


@dataclass(frozen=True)
class Relative:
    """The relative representation of an encoder.

    anchors : (k, D), unit length; standardiser : by the moments of train
    """

    anchors: NDArray[np.float32]
    standardiser: Standardiser

    @staticmethod
    def of(train: Split, dim: int) -> "Relative":
        """Take the first views of evenly spread train objects as anchors. dim : columns of the representation."""
        standardiser = Standardiser.of(train.features)
        rows = spread(train.objects, ANCHORS) * train.views
        return Relative(unit_array(standardiser(train.features[rows], slice(0, dim))), standardiser)

    def __call__(self, split: Split, rows: NDArray[np.int64]) -> Array:
        """Return the cosines of some rows (n,) of a split with the anchors: (n, k)."""
        width = self.anchors.shape[1]
        step = block_rows(width)
        blocks = [
            unit_array(self.standardiser(split.features[rows[i : i + step]], slice(0, width))) @ self.anchors.T
            for i in range(0, len(rows), step)
        ]
        cosines: Array = np.concatenate(blocks).astype(np.float64)
        return cosines


def relative_similarity(first: Array, second: Array, views: int, bootstrap: Bootstrap) -> dict[str, Estimate]:
    """Compare two relative representations of the same views: mean cosine, and retrieval of one by the other.

    first, second : (objects * views, k), object by object
    """
    sides = [unit_array(side) for side in (first, second)]
    objects = np.repeat(np.arange(len(first) // views), views)
    mismatched = shifted(sides[1].reshape(-1, views, sides[1].shape[1])).reshape(sides[1].shape)
    leads = [side[::views] for side in sides]  # a view of each object
    ranks = _ranks(leads[0], leads[1])
    return {
        "relative_cosine": bootstrap.measure(
            Mean.of((sides[0] * sides[1]).sum(1), objects), Mean.of((sides[0] * mismatched).sum(1), objects)
        ),
        "relative_mrr": bootstrap.measure(
            Mean.of(ranks.reciprocal, np.arange(len(leads[0]))), chance_reciprocal(len(leads[0]))
        ),
    }


def _ranks(queries: Array, gallery: Array) -> RankCounts:
    """Rank row i of a gallery (n, k) for query i (n, k) by their product, in blocks."""
    blocks = [
        rank_counts(queries[i : i + QUERIES] @ gallery.T, np.arange(i, min(i + QUERIES, len(queries))), TIE)
        for i in range(0, len(queries), QUERIES)
    ]
    return RankCounts(*(np.concatenate([getattr(b, name) for b in blocks]) for name in ("better", "equal")))


def stitching(
    relatives: Sequence[Relative], trains: Sequence[Split], vals: Sequence[Split], rows: NDArray[np.int64],
    bootstrap: Bootstrap,
) -> list[list[dict[str, Estimate]]]:  # fmt: skip
    """Measure linear heads on the relative representation of one encoder, used on that of each.

    relatives, trains, vals : of each encoder, of the same views; rows : (n,) views of val
    returns : entry [i][j] is of the head trained on encoder i and used on encoder j: class_top1, and pose_degrees where
        poses differ
    """
    train, val = trains[0], vals[0]
    classes = np.unique(train.labels)
    posed = train.shows(ROTATION) and val.shows(ROTATION)

    def targets(split: Split, chosen: NDArray[np.int64]) -> Array:
        labels = np.eye(len(classes))[class_indices(classes, split.labels[chosen])]
        return np.concatenate([labels, matrices(split, chosen[:, None])], axis=1) if posed else labels

    heads = [_head(relative, own, targets) for relative, own in zip(relatives, trains, strict=True)]
    inputs = [_extended(relative(own, rows)) for relative, own in zip(relatives, vals, strict=True)]
    objects, labels = val.image_objects[rows], class_indices(classes, val.labels[rows])
    usual = Mean.of((labels == np.bincount(class_indices(classes, train.labels)).argmax()).astype(np.float64), objects)
    truth = quaternions(val, rows[:, None]) if posed else np.empty(0)
    still = best_constant_rotation(quaternions(train, np.arange(len(train.labels))[:, None])) if posed else truth

    def measured(outputs: Array) -> dict[str, Estimate]:
        right = (outputs[:, : len(classes)].argmax(1) == labels).astype(np.float64)
        values: dict[str, Estimate] = {"class_top1": bootstrap.measure(Mean.of(right, objects), usual, 1.0)}
        if posed:
            degrees, constant = (
                geodesic_degrees(truth, turn)
                for turn in (quaternion(outputs[:, len(classes) :]), np.broadcast_to(still, truth.shape))
            )
            values["pose_degrees"] = bootstrap.measure(Mean.of(degrees, objects), Mean.of(constant, objects))
        return values

    return [[measured(rows @ head) for rows in inputs] for head in heads]


def _head(relative: Relative, train: Split, targets: Callable[[Split, Rows], Array]) -> Array:
    """Fit a linear head (k + 1, c) on views of every train object; the tuning objects select its penalty."""
    rows = spread_rows(train.objects, train.views, max(1, NUMBERS // (train.objects * len(relative.anchors))))
    tuning = tuned(train.identities, TUNED, seed=0)

    def sums(chosen: Rows) -> Sums | None:
        step = block_rows(len(relative.anchors))
        blocks = (chosen[i : i + step] for i in range(0, len(chosen), step))
        return Sums.of((_extended(relative(train, b)), targets(train, b)) for b in blocks) if len(chosen) else None

    training = sums(rows[~tuning].ravel())
    if training is None:
        raise DatasetError("a comparison needs train objects to learn from: render more objects")
    return fit(training, sums(rows[tuning].ravel()))


def _extended(rows: Array) -> Array:
    """Return rows with a column of ones."""
    return np.concatenate([rows, np.ones((len(rows), 1))], axis=1)
