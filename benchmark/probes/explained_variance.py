"""Shares: fraction of a representation's variance that each factor explains; without heads, and at any feature scale.

The share of a factor is the R2, over all dimensions together, of the best prediction of the features from that factor
alone: least squares on functions of the factor (`basis`), fitted on train and measured on val. Interactions of two
factors are in no share, so the shares sum to less than 1. An invariant part has a share of 0 for a factor it ignores.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from iebench.baselines.action import ROTATION
from iebench.manifests.conventions import pose

from ..fitting.context import MARGIN, STILL, Context, Split, Values, probe
from ..fitting.standardise import block_rows
from ..metrics.explained_variance import explained
from ..metrics.targets import shares as shares_of
from ..statistics.explained import Between, Explained
from .classification import class_indices

Array = NDArray[np.float64]
ROUNDING = 1e-12  # of the mean square of features; a smaller variance is rounding of float32
TOGETHER = 3  # latents of a group whose functions are multiplied; more would need too many products
HARMONICS = 3  # of a circular factor; largest power of another one
_TRACELESS = np.stack([  # an orthonormal basis of the symmetric 3 x 3 matrices without trace
    np.array(m, np.float64) / np.linalg.norm(m)
    for m in (
        [[0, 1, 0], [1, 0, 0], [0, 0, 0]], [[0, 0, 1], [0, 0, 0], [1, 0, 0]], [[0, 0, 0], [0, 0, 1], [0, 1, 0]],
        [[1, 0, 0], [0, -1, 0], [0, 0, 0]], [[1, 0, 0], [0, 1, 0], [0, 0, -2]],
    )
])  # fmt: skip


@probe("shares", metrics=explained)
def shares(context: Context) -> Values:
    """Measure share_class, share_object, share_rotation and share_FACTOR per part; the floor of a constant is 0."""
    if not context.protocol.shares:
        return {}
    values: Values = {}
    measure = context.bootstrap.measure
    for part, columns in context.parts.items():
        centre, middle = (mean(context, split, columns) for split in (context.train, context.val))
        fits = learnt(context, columns, centre)
        left: dict[str, list[Array]] = {name: [] for name in ("object", *fits)}  # sums of squares of each object
        linear: list[Array] = []
        square: list[Array] = []
        for rows, plain in _blocks(context, context.val, columns):
            features = plain - centre
            by_object = (plain - middle).reshape(-1, context.val.views, plain.shape[1])
            linear.append(by_object.sum(1))
            square.append((by_object**2).sum((1, 2)))
            left["object"].append(((by_object - by_object.mean(1, keepdims=True)) ** 2).sum((1, 2)))
            for name, coefficients in fits.items():
                missed = features - basis(context, context.val, name, rows) @ coefficients
                left[name].append((missed**2).sum(1).reshape(-1, context.val.views).sum(1))
        moments = np.concatenate(linear), np.concatenate(square)
        nothing = ROUNDING * float(moments[1].sum() / len(context.val.labels) + (middle**2).sum())
        residual = {name: np.concatenate(sums) for name, sums in left.items()}
        values[part] = {
            f"share_{name}": measure(Explained(context.val.views, residual[name], *moments, nothing), 0.0)
            for name in fits
        }
        values[part]["share_object"] = measure(Between(context.val.views, residual["object"], *moments, nothing), 0.0)
    return values


def mean(context: Context, split: Split, columns: slice) -> Array:
    """Mean of a part's features, standardised as the protocol says: (D,)."""
    total: Array = sum((features.sum(0) for _, features in _blocks(context, split, columns)), np.zeros(1))
    return total / len(split.labels)


def learnt(context: Context, columns: slice, centre: Array) -> dict[str, Array]:
    """Fit the coefficients (functions, D) that predict train's features of a part from each factor's functions.

    centre : (D,), subtracted from the features for numerical precision
    """
    gram: dict[str, Array] = {}
    cross: dict[str, Array] = {}
    for rows, features in _blocks(context, context.train, columns):
        for name in factors(context):
            design = basis(context, context.train, name, rows)
            gram[name] = gram.get(name, 0.0) + design.T @ design
            cross[name] = cross.get(name, 0.0) + design.T @ (features - centre)
    return {name: np.linalg.lstsq(gram[name], cross[name], rcond=1e-10)[0] for name in gram}


def factors(context: Context) -> list[str]:
    """Return the factors that the dataset varies."""
    return ["class", *(name for name, latents in shares_of(context.groups).items() if context.shows(latents))]


def basis(context: Context, split: Split, factor: str, rows: NDArray[np.int64]) -> Array:
    """Return functions of a factor for some rows of a split, including a constant: (n, functions).

    class : indicators of the classes; rotation : the entries of the rotation matrix and of its action on symmetric
        traceless matrices (Wigner's functions of degree 1 and 2)
    other factors : harmonics, and powers up to the third, of each latent; their products with those of the other
        latents, for groups of at most TOGETHER
    """
    if factor == "class":
        classes = np.unique(context.train.labels)
        known = np.eye(len(classes) + 1)[class_indices(classes, split.labels[rows])]  # unknown classes come last
        return np.column_stack([known[:, :-1], np.ones(len(known))])
    latents = shares_of(context.groups)[factor]
    if latents == ROTATION:
        first = pose(split.columns(ROTATION, rows)).as_matrix()
        turned = np.einsum("nik,bkl,njl->nbij", first, _TRACELESS, first, optimize=True)
        second = np.einsum("aij,nbij->nab", _TRACELESS, turned)
        return np.column_stack([np.ones(len(first)), first.reshape(-1, 9), second.reshape(-1, 25)])
    curves = [_curve(context, split.latents[name][rows], name) for name in latents]
    if len(curves) > TOGETHER:
        return np.column_stack(curves)
    design = np.ones((len(rows), 1))
    for curve in curves:
        design = np.einsum("na,nb->nab", design, curve).reshape(len(design), -1)
    return design


def _curve(context: Context, values: Array, name: str) -> Array:
    """Return 1 and functions of one latent: harmonics if it is circular, else powers: (n, functions)."""
    if name in context.turns:
        angles = np.outer(values * (2 * np.pi / context.turns[name]), np.arange(1, HARMONICS + 1))
        return np.column_stack([np.ones(len(values)), np.cos(angles), np.sin(angles)])
    seen = context.train.latents[name]
    if np.ptp(seen) <= STILL:  # nothing can be fitted
        return np.ones((len(values), 1))
    margin = MARGIN * np.ptp(seen)  # beyond it, powers would grow without bound
    known = np.clip(values, seen.min() - margin, seen.max() + margin)
    return np.vander((known - np.mean(seen)) / np.std(seen), HARMONICS + 1)


def _blocks(context: Context, split: Split, columns: slice) -> Iterator[tuple[NDArray[np.int64], Array]]:
    """Yield the rows and standardised features of a part, in blocks of whole objects."""
    step = max(1, block_rows(columns.stop - columns.start) // split.views) * split.views
    for start in range(0, len(split.features), step):
        rows = np.arange(start, min(start + step, len(split.features)))
        yield rows, context.standardiser(split.features[start : start + step], columns).astype(np.float64)
