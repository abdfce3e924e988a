"""Representational dissimilarity: ranks of the distances between views, beside those of another encoder or of a factor.

Kriegeskorte, Mur and Bandettini (2008), "Representational similarity analysis". The geo-topological transform of Lin
and Kriegeskorte (2023), "The topology and geometry of neural representations", keeps only the middle of the distances.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from iebench.baselines.action import ROTATION
from iebench.manifests.conventions import pose

from ..fitting.context import Split
from ..statistics.bootstrap import Counts, Mean

Array = NDArray[np.float64]
LOW, HIGH = 0.2, 0.8
"""Quantiles of the distances below which two views count as the same, and above which as apart."""


@dataclass(frozen=True)
class RankCorrelation:
    """Rank correlation (Spearman) of two matrices of distances between objects; a pair counts if both are drawn.

    first, second : (objects, objects), centred ranks of the distances of all pairs, 0 on the diagonal
    """

    first: Array
    second: Array

    @staticmethod
    def of(first: Array, second: Array) -> "RankCorrelation":
        """Rank the distances (objects, objects) of both."""
        return RankCorrelation(_centred_ranks(first), _centred_ranks(second))

    @property
    def samples(self) -> int:
        """Number of objects, which the pairs are made of."""
        return len(self.first)

    def at(self, counts: Counts) -> Array:
        """Return the correlation of each bootstrap sample: counts (draws, objects) -> (draws,).

        An object that is drawn twice forms no pair with itself. The ranks are those among all pairs.
        """
        weights = counts.astype(np.float64)
        pairs = weights.sum(1) ** 2 - (weights**2).sum(1)

        def mean(values: Array) -> Array:
            average: Array = (weights @ values * weights).sum(1) / pairs
            return average

        x, y = mean(self.first), mean(self.second)
        both = mean(self.first * self.second) - x * y
        spread = (mean(self.first**2) - x**2) * (mean(self.second**2) - y**2)
        correlation: Array = np.where(spread > 0, both / np.sqrt(np.where(spread > 0, spread, 1)), 0.0)
        return correlation


def distances(rows: Array) -> Array:
    """Return the Euclidean distances between rows, in units of the largest entry: (..., n, D) -> (..., n, n)."""
    scaled = rows / (np.abs(rows).max() or 1.0)
    squares = (scaled**2).sum(-1)
    square = squares[..., :, None] + squares[..., None, :] - 2 * scaled @ scaled.swapaxes(-1, -2)
    square[..., np.arange(rows.shape[-2]), np.arange(rows.shape[-2])] = 0
    distance: Array = np.sqrt(np.maximum(square, 0))
    return distance


def topological(values: Array) -> Array:
    """Set distances (..., n) below their quantile LOW to 0, those above HIGH to 1, and scale those between."""
    low, high = np.quantile(values, [LOW, HIGH], axis=-1, keepdims=True)
    scaled: Array = np.clip((values - low) / np.where(high > low, high - low, 1), 0.0, 1.0)
    return scaled


def topological_matrix(matrix: Array) -> Array:
    """Transform a matrix of distances by the quantiles of its pairs: (n, n) -> (n, n), 0 on the diagonal."""
    pairs = ~np.eye(len(matrix), dtype=np.bool_)
    transformed = np.zeros_like(matrix)
    transformed[pairs] = topological(matrix[pairs])
    return transformed


def rank_correlations(first: Array, second: Array) -> tuple[Array, NDArray[np.bool_]]:
    """Return Spearman's correlation of each row (rows, n), 0 if a row is constant; and which rows of `second` vary."""
    x, y = (rankdata(rows, axis=1) for rows in (first, second))
    x, y = x - x.mean(1, keepdims=True), y - y.mean(1, keepdims=True)
    spread = np.sqrt((x**2).sum(1) * (y**2).sum(1))
    correlation: Array = np.where(spread > 0, (x * y).sum(1) / np.where(spread > 0, spread, 1), 0.0)
    return correlation, (y**2).sum(1) > 0


def agreement(first: Array, second: Array) -> Mean | None:
    """Return the mean over objects of their rank correlations; None if no object's `second` (objects, n) varies."""
    correlation, varies = rank_correlations(first, second)
    return Mean(correlation * varies, varies.astype(np.float64)) if varies.any() else None


def in_objects(views: Array) -> Array:
    """Return the distances between the views of each object: (objects, k, D) -> (objects, pairs)."""
    first, second = np.triu_indices(views.shape[1], 1)
    return np.stack([distances(own)[first, second] for own in views])


def between_objects(matrix: Array) -> Array:
    """Return each object's distances to all others: (n, n) -> (n, n - 1)."""
    return matrix[~np.eye(len(matrix), dtype=np.bool_)].reshape(len(matrix), -1)


def factor_distances(
    split: Split, rows: NDArray[np.int64], factors: Mapping[str, float | None]
) -> dict[str, Array]:  # fmt: skip
    """Return how far the views of each object differ in each factor: name -> (objects, pairs).

    rows : (objects, k); factors : latent -> full turn of a circular one, None for others; `rotation`, the geodesic
        angle, comes first if the dataset shows it
    """
    first, second = np.triu_indices(rows.shape[1], 1)
    separations: dict[str, Array] = {}
    if split.shows(ROTATION):
        poses = pose(split.columns(ROTATION, rows.ravel())).as_quat().reshape(*rows.shape, 4)
        cosine = np.abs((poses[:, first] * poses[:, second]).sum(-1))
        separations["rotation"] = 2 * np.arccos(np.clip(cosine, 0.0, 1.0))
    for name, turn in factors.items():
        if split.shows([name]):
            values = split.latents[name][rows]
            size = np.abs(values[:, first] - values[:, second])
            separations[name] = size if turn is None else np.minimum(size % turn, -size % turn)
    return separations


def _centred_ranks(matrix: Array) -> Array:
    """Return the ranks of the entries off the diagonal, centred and scaled to -1 .. 1; 0 on the diagonal."""
    pairs = ~np.eye(len(matrix), dtype=np.bool_)
    ranks = np.zeros(matrix.shape)
    order = rankdata(matrix[pairs])
    ranks[pairs] = (order - order.mean()) / len(order)
    return ranks
