"""The comparison of two encoders, from top to bottom: features of both, then every measure with its interval.

iebench compare runs/sie runs/vicreg
"""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from iebench.manifests.common.progress import say
from iebench.manifests.factors import factor_groups

from ..data.rows import spread, spread_rows
from ..distributed.ranks import ALONE
from ..errors import EncoderError, UsageError
from ..fitting.context import Split
from ..metrics.geometry.descriptions import WIDEST
from ..metrics.targets import named, numbers, turns
from ..probes.geometry.descriptions import NUMBERS
from ..protocol import Protocol
from ..scoring.score import encode_splits
from ..scoring.subject import Subject
from ..statistics.bootstrap import Bootstrap, Estimate, plain
from . import dissimilarity
from .relative import Relative, relative_similarity, stitching
from .similarity import linear_cka, procrustes, shifted

Array = NDArray[np.float64]
MOST = 1_000  # objects whose distances to each other are ranked
PAIRED = 12  # views of an object whose distances to each other are ranked


@dataclass(frozen=True)
class Comparison:
    """Measures of two encoders on the val objects of a dataset.

    names : of the encoders; dataset, fingerprint : of the dataset; objects, views : of its val split
    level : of the intervals; limit : objects per split in a smoke run, else None
    similarity : measure of `measures.SIMILARITY` -> value
    agreement : per encoder: factor -> kind of `measures.KINDS` -> value
    stitching : [i][j] : head trained on encoder i, used on encoder j: head of `measures.STITCHING` -> value
    """

    names: tuple[str, str]
    dataset: str
    fingerprint: str
    objects: int
    views: int
    level: float
    limit: int | None
    similarity: dict[str, Estimate]
    agreement: list[dict[str, dict[str, Estimate]]]
    stitching: list[list[dict[str, Estimate]]]

    def as_dict(self) -> dict[str, Any]:
        """Return all numbers for JSON."""
        return dataclasses.asdict(self)


def compared(sides: Sequence[Subject], device: torch.device, protocol: Protocol, limit: int | None) -> Comparison:
    """Encode val and train of a dataset with two encoders, and measure.

    sides : both encoders with the dataset; protocol : which val objects count, and the bootstrap samples
    limit : objects per split in a smoke run

    Raises
    ------
    EncoderError, UsageError : see `_check`.
    """
    for line in (line for side in sides for line in side.introduction()):
        say(line)
    encoded = [
        encode_splits(side.encoder, side.data, side.features, device, protocol, 0, limit, ALONE) for side in sides
    ]
    trains, vals = ([splits[i].split for splits in encoded] for i in (0, 1))
    dims = [side.encoder.dim for side in sides]
    _check(sides, dims, vals)
    groups, _ = named(factor_groups(encoded[0][1].recipe.factors))
    circular = turns(groups)
    factors = {name: circular.get(name) for name in numbers(groups)}
    bootstrap = Bootstrap.of(vals[0].objects, protocol.draws, protocol.level, protocol.pair_seed)
    return Comparison(
        names=_names(sides),
        dataset=sides[0].data.resolve().name,
        fingerprint=encoded[0][1].fingerprint,
        objects=vals[0].objects,
        views=vals[0].views,
        level=protocol.level,
        limit=limit,
        **measured(trains, vals, dims, factors, protocol, bootstrap),
    )


def measured(
    trains: Sequence[Split], vals: Sequence[Split], dims: Sequence[int], factors: dict[str, float | None],
    protocol: Protocol, bootstrap: Bootstrap,
) -> dict[str, Any]:  # fmt: skip
    """Return the measures of two encoders: similarity, agreement and stitching, as in `Comparison`.

    trains, vals : splits of the same views with the features of each encoder; dims : columns of each representation
    factors : latent -> full turn, None if it is not circular
    """
    val = vals[0]
    rows = spread_rows(val.objects, val.views, max(1, NUMBERS // (val.objects * max(dims))))
    first, second = (_features(own, rows, dim) for own, dim in zip(vals, dims, strict=True))
    measure = bootstrap.measure
    similarity: dict[str, Estimate] = {
        "linear_cka": measure(linear_cka(first, second), linear_cka(first, shifted(second))),
        "procrustes_degrees": measure(procrustes(first, second), procrustes(first, shifted(second))),
    }
    relatives = [Relative.of(train, dim) for train, dim in zip(trains, dims, strict=True)]
    flat = rows.ravel()
    sides = [relative(own, flat) for relative, own in zip(relatives, vals, strict=True)]
    similarity |= _rank_similarity(first[:, 0], second[:, 0], protocol)
    similarity |= relative_similarity(sides[0], sides[1], rows.shape[1], bootstrap)
    stitched = stitching(relatives, trains, vals, flat, bootstrap)
    return {
        "similarity": {name: plain(entry) for name, entry in similarity.items()},
        "agreement": [
            agreements(own, dim, factors, protocol, bootstrap) for own, dim in zip(vals, dims, strict=True)
        ],
        "stitching": [
            [{name: plain(entry) for name, entry in values.items()} for values in line] for line in stitched
        ],
    }  # fmt: skip


def agreements(
    val: Split, dim: int, factors: dict[str, float | None], protocol: Protocol, bootstrap: Bootstrap
) -> dict[str, dict[str, Estimate]]:
    """Return how an encoder's distances rank with those of each factor, and with the class: factor -> kind -> value."""
    rows = spread_rows(val.objects, val.views, PAIRED)
    step = max(1, NUMBERS // (rows.shape[1] * dim))
    own = np.concatenate(
        [dissimilarity.in_objects(_features(val, rows[i : i + step], dim)) for i in range(0, len(rows), step)]
    )
    pairs = {
        name: (own, separations, bootstrap)
        for name, separations in dissimilarity.factor_distances(val, rows, factors).items()
    }
    some = spread(val.objects, MOST)
    matrix = dissimilarity.distances(_features(val, rows[some, :1], dim)[:, 0])
    labels = val.labels[rows[some, 0]]
    differs = (labels[:, None] != labels).astype(np.float64)
    between = [dissimilarity.between_objects(values) for values in (matrix, differs)]
    pairs["class"] = between[0], between[1], _bootstrap(len(some), protocol)
    values: dict[str, dict[str, Estimate]] = {}
    for name, (distance, separations, samples) in pairs.items():
        kinds = {"rank": distance, "topological": dissimilarity.topological(distance)}
        statistics = {kind: dissimilarity.agreement(ranked, separations) for kind, ranked in kinds.items()}
        known = {kind: plain(samples.measure(own, 0.0)) for kind, own in statistics.items() if own is not None}
        if known:
            values[name] = known
    return values


def _rank_similarity(first: Array, second: Array, protocol: Protocol) -> dict[str, Estimate]:
    """Compare the ranks of the distances between some objects: a view of each, (objects, D) and (objects, E)."""
    some = spread(len(first), MOST)
    matrices = [dissimilarity.distances(rows[some]) for rows in (first, second)]
    transformed = [dissimilarity.topological_matrix(matrix) for matrix in matrices]
    measure = _bootstrap(len(some), protocol).measure
    return {
        "rsa": measure(dissimilarity.RankCorrelation.of(*matrices), 0.0),
        "rsa_topological": measure(dissimilarity.RankCorrelation.of(*transformed), 0.0),
    }


def _bootstrap(objects: int, protocol: Protocol) -> Bootstrap:
    return Bootstrap.of(objects, protocol.draws, protocol.level, protocol.pair_seed)


def _features(val: Split, rows: NDArray[np.int64], dim: int) -> Array:
    """Return the representations of some rows: (objects, k) -> (objects, k, dim)."""
    return val.features[rows, :dim].astype(np.float64)


def _names(sides: Sequence[Subject]) -> tuple[str, str]:
    first, second = (side.encoder.name for side in sides)
    return (first, second) if first != second else (f"{first} (A)", f"{second} (B)")


def _check(sides: Sequence[Subject], dims: Sequence[int], vals: Sequence[Split]) -> None:
    """Check that both representations can be compared.

    Raises
    ------
    EncoderError : one is too wide, or maps every image to one point.
    UsageError : val has fewer than three objects, or one view an object.
    """
    if vals[0].objects < 3 or vals[0].views < 2:
        raise UsageError(
            f"a comparison needs three val objects with two views each, and {sides[0].data} has {vals[0].objects} with "
            f"{vals[0].views}: render more, or give another dataset with --data"
        )
    for side, dim, val in zip(sides, dims, vals, strict=True):
        if dim > WIDEST:
            raise EncoderError(
                f"{side.encoder.name} has {dim:,} columns, and representations of at most {WIDEST:,} are compared: "
                "pool or project its features"
            )
        if not np.ptp(_features(val, spread_rows(val.objects, val.views, 1), dim), axis=0).any():
            raise EncoderError(f"{side.encoder.name} maps every image to one point: there is nothing to compare")
