"""Descriptions: number of directions in use, distance between views of an object, spread of all views.

They take the encoder's features without standardisation, as the papers do. Each has a closed form, and so has its
derivative by the weight of an object, from which its interval follows (`statistics.linearised`).
"""

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh

from ...data.rows import spread, spread_rows
from ...fitting.context import Context, Split, Values, probe
from ...metrics.geometry.descriptions import DESCRIPTIONS, WIDEST
from ...statistics.bootstrap import Estimate, Mean
from ...statistics.linearised import Linearised
from ...statistics.retrieval import unit_array

Array = NDArray[np.float64]
NUMBERS = 2**24  # feature values in memory at once, with at least two views of each object
PAIRED = 4_096  # views whose distances are compared, with at least one of each object
VIEWS_PER_BLOCK = 512  # views that are compared with all others at once
NOTHING = 1e-12  # of the largest eigenvalue; smaller ones are rounding
RIDGE = 1e-4  # of the mean variance within objects, added to it in every direction (Thilak et al. 2024)
STEEP = 2.0  # factor of the squared distance in the uniformity (Wang and Isola 2020)


@probe("descriptions", metrics=DESCRIPTIONS, suite="full")
def descriptions(context: Context) -> Values:
    """Measure effective rank, LiDAR, von Neumann entropy, alignment and uniformity per part, on views of val.

    Wide representations are described by fewer views of each object, evenly spread. Those of more than WIDEST columns,
    and a val split of one object or of one view an object, are not described.
    """
    values: Values = {}
    if context.val.objects < 2 or context.val.views < 2:
        context.notes.append("a description of the representation needs two val objects with two views each")
        return values
    wide = [part for part, columns in context.parts.items() if columns.stop - columns.start > WIDEST]
    if wide:
        context.notes.append(f"not described, since it has more than {WIDEST:,} columns: {', '.join(wide)}")
    for part, columns in context.parts.items():
        if part not in wide:
            values[part] = _described(context, some_views(context.val, columns))
    return values


def some_views(split: Split, columns: slice, numbers: int = NUMBERS) -> Array:
    """Return a part's features of evenly spread views of every object, about `numbers` values: (objects, views, D)."""
    width = columns.stop - columns.start
    rows = spread_rows(split.objects, split.views, max(2, numbers // (split.objects * width)))
    return split.features[rows, columns].astype(np.float64)


def _described(context: Context, views: Array) -> dict[str, Estimate]:
    """Return all descriptions of features (objects, views, D)."""
    measure, sphere = context.bootstrap.measure, unit_array(views)
    if not sphere.any():
        return {}
    objects = np.arange(len(views))
    values: dict[str, Estimate] = {
        "effective_rank": measure(effective_rank(views), 1.0),
        "vne_entropy": measure(von_neumann(sphere), 0.0),
        "alignment": measure(Mean.of(alignment(sphere), objects), float(between_objects(sphere))),
        "uniformity": measure(uniformity(sphere), 0.0),
    }
    if (between := lidar(views)) is not None:
        values["lidar"] = measure(between, 1.0)
    return values


def effective_rank(views: Array) -> Linearised:
    """Return exp of the entropy of the singular values, as shares of their sum: 1 .. D. views : (objects, views, D).

    Roy and Vetterli (2007), "The effective rank"; RankMe of Garrido et al. (2023) without its small constant.
    """
    flat = views.reshape(-1, views.shape[-1]) / np.abs(views).max()
    variances, axes = _spectrum(flat.T @ flat / len(flat))
    size = np.sqrt(variances)
    total, weighted = size.sum(), (size * np.log(size)).sum()
    rank = float(np.exp(np.log(total) - weighted / total))
    slope = (weighted / total - np.log(size)) / (2 * size * total)  # of the entropy, by each eigenvalue
    return Linearised.of(rank * ((flat @ axes) ** 2 @ slope).reshape(views.shape[:2]), rank)


def von_neumann(sphere: Array) -> Linearised:
    """Return the entropy -sum l log l of the eigenvalues of the mean of z z^T, in nats. sphere : (objects, views, D).

    Kim et al. (2023), "VNE: an effective method for improving deep representation by manipulating eigenvalue
    distribution".
    """
    flat = sphere.reshape(-1, sphere.shape[-1])
    shares, axes = _spectrum(flat.T @ flat / len(flat))
    own = -((flat @ axes) ** 2 @ np.log(shares))  # -z^T log(rho) z, whose mean is the entropy
    return Linearised.of(own.reshape(sphere.shape[:2]), float(-(shares * np.log(shares)).sum()))


def lidar(views: Array) -> Linearised | None:
    """Return exp of the entropy of the eigenvalues of the covariance between objects, relative to that within them.

    Thilak et al. (2024), "LiDAR: sensing linear probing performance in joint embedding SSL architectures"; an object is
    a class, its views are the samples. None if the objects have one mean.

    views : (objects, views, D)
    """
    views = views / np.abs(views).max()
    means = views.mean(1)
    inside, outside = views - means[:, None], means - means.mean(0)
    flat = inside.reshape(-1, views.shape[-1])
    within, between = flat.T @ flat / len(flat), outside.T @ outside / len(outside)
    ridge = RIDGE * np.trace(within) / len(within) or RIDGE * np.trace(between) / len(between)
    if not np.trace(between) > NOTHING * np.trace(within):
        return None
    ratios, axes = eigh(between, within + ridge * np.eye(len(within)))
    kept = ratios > NOTHING * ratios[-1]
    ratios, axes = ratios[kept], axes[:, kept]
    total, weighted = ratios.sum(), (ratios * np.log(ratios)).sum()
    rank = float(np.exp(np.log(total) - weighted / total))
    slope = (weighted / total - np.log(ratios)) / total
    noise = ((flat @ axes) ** 2).reshape(*views.shape[:2], -1).mean(1)
    own = ((outside @ axes) ** 2 - ratios * noise) @ slope
    return Linearised.of(np.repeat(rank * own[:, None], views.shape[1], axis=1), rank)


def alignment(sphere: Array) -> Array:
    """Return the mean squared distance of two views of each object: (objects, views, D) -> (objects,).

    Wang and Isola (2020), "Understanding contrastive representation learning through alignment and uniformity on the
    hypersphere", with alpha = 2.
    """
    count = sphere.shape[1]
    square = (sphere**2).sum((1, 2))
    mean: Array = 2 * (count * square - (sphere.sum(1) ** 2).sum(-1)) / (count * (count - 1))
    return mean


def between_objects(sphere: Array) -> float:
    """Return the mean squared distance of views of two different objects. sphere : (objects, views, D)."""
    objects, count = sphere.shape[:2]
    sums = sphere.sum(1)
    products = (sums.sum(0) ** 2).sum() - (sums**2).sum()
    return float(2 * (sphere**2).sum() / (objects * count) - 2 * products / (objects * (objects - 1) * count**2))


def uniformity(sphere: Array) -> Linearised:
    """Return the log of the mean of exp(-2 d^2) over views of different objects (Wang and Isola 2020, t = 2).

    sphere : (objects, views, D); at most about PAIRED views are compared
    """
    objects = len(sphere)
    kept = sphere[:, spread(sphere.shape[1], max(1, PAIRED // objects))]
    flat, count = kept.reshape(-1, sphere.shape[-1]).astype(np.float32), kept.shape[1]
    squares, owner = (flat**2).sum(1), np.repeat(np.arange(objects), count)
    near = np.empty(len(flat))
    for start in range(0, len(flat), VIEWS_PER_BLOCK):
        rows = slice(start, start + VIEWS_PER_BLOCK)
        distance = squares[rows, None] + squares - 2 * flat[rows] @ flat.T
        kernel = np.exp(-STEEP * np.maximum(distance, 0))
        kernel[owner[rows, None] == owner] = 0
        near[rows] = kernel.sum(1, dtype=np.float64)
    near /= (objects - 1) * count
    mean = float(near.mean())
    return Linearised.of(2 * near.reshape(objects, count) / mean, float(np.log(mean)))


def _spectrum(matrix: Array) -> tuple[Array, Array]:
    """Return the eigenvalues of a matrix that are more than rounding (r,), and their directions (D, r)."""
    values, axes = np.linalg.eigh(matrix)
    kept = values > NOTHING * values[-1]
    return values[kept], axes[:, kept]
