"""Correspondence recall: the share of an object's points that descriptors of maps match to the same points elsewhere.

It needs an encoder that gives maps, and a dataset with the pass `nocs`, which tells what point a pixel shows. The
measure is that of El Banani et al. (2024), "Probing the 3D awareness of visual foundation models", on renders.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from iebench.baselines.action import ROTATION

from ...encoders.prepared import PreparedEncoder
from ...features.cache import to_float
from ...fitting.context import Context, Rows, Split, Values, probe
from ...fitting.transforms import rotations
from ...metrics.geometry.correspondence import CORRESPONDENCE, DEPTHS, NEAR, PIXELS, ROTATION_BINS, at_angle, at_depth
from ...statistics.bootstrap import Estimate, Pooled
from ...statistics.metric_info import WHOLE
from .matching import Pair, Surface, descriptors
from .self_similarity import no_maps

Array = NDArray[np.float64]
PAIRS = 512  # pairs of views, with at least one of each object; as many of two objects of a class
PAIRS_PER_BLOCK = 16  # pairs whose views are encoded at once
NAMES = [*(f"match_{near}" for near in NEAR), *(f"match_pixel_{near}" for near in PIXELS)]
WIDEST = len(NEAR) - 1  # criterion of the curves and of pairs of objects


@probe("correspondence", metrics=CORRESPONDENCE, suite="full")
def correspondence(context: Context) -> Values:
    """Measure match_* of the last map, its curve over the rotation between the views, and that over the stages.

    Points of a view that the other view shows too are matched by the cosine of descriptors with the other view's
    pixels of the object. The floor is a pixel at random, which is what a constant map gives; the ceiling the nearest
    pixel.
    """
    encoder, val = context.encoder, context.val
    reason = no_maps(context)
    if not reason and val.points is None:
        reason = "the dataset has no pass nocs, which `iebench render --passes nocs` stores"
    if encoder is None or reason:
        context.notes.append(f"correspondences are not measured: {reason}")
        return {}
    rounds = max(1, min(PAIRS // val.objects, val.pairs.shape[1]))
    rows, objects = val.pairs_of(np.arange(val.objects), rounds)
    stages = stages_at(encoder.map_stages)
    same = _matched(context, encoder, rows, [*stages])
    if not np.isfinite(same.floors).any():
        context.notes.append("correspondences are not measured: no two views of an object show enough of it")
        return {}
    values = {name: same.estimate(context, objects, criterion) for criterion, name in enumerate(NAMES)}
    for stage, depth in enumerate(stages.values()):
        values[at_depth(depth)] = same.estimate(context, objects, WIDEST, stage)
    if val.has(ROTATION):
        angles = between(val, rows)
        for low, high in zip((0, *ROTATION_BINS), ROTATION_BINS, strict=False):
            inside = (angles > low) & (angles <= high) if low else angles <= high
            values |= same.some(inside).named(context, objects[inside], at_angle(high))
    others = of_class(val, rows, objects)
    kept = others >= 0
    if kept.any():
        pairs = np.stack([rows[kept, 0], others[kept]], axis=1)
        values |= _matched(context, encoder, pairs, [*stages][-1:]).named(context, objects[kept], "class_match_5")
    return {WHOLE: values}


def stages_at(count: int) -> dict[int, int]:
    """Return the stages at each of DEPTHS with that depth; of an encoder with fewer stages, each once.

    >>> stages_at(12), stages_at(1)
    ({3: 25, 6: 50, 9: 75, 12: 100}, {1: 100})
    """
    return {-(-count * depth // 100): depth for depth in DEPTHS}


def between(split: Split, rows: Rows) -> Array:
    """Return the angle of the rotation between two views in degrees: rows (k, 2) -> (k,)."""
    traces = np.trace(rotations().between(split, rows), axis1=1, axis2=2)
    angles: Array = np.degrees(np.arccos(np.clip((traces - 1) / 2, -1, 1)))
    return angles


def of_class(split: Split, rows: Rows, objects: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return, for pairs of views of objects, the second view of the next object of the class: (k,); -1 without one."""
    labels = split.labels[:: split.views]
    following = np.full(split.objects, -1)
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        following[members] = np.roll(members, -1) if len(members) > 1 else -1
    partner = following[objects]
    return np.where(partner < 0, -1, partner * split.views + rows[:, 1] % split.views)


@dataclass(frozen=True)
class Matches:
    """Shares of right matches of pairs of views, NaN for pairs that show too little of the same surface.

    recalls : (pairs, stages, criteria); floors, ceilings : (pairs, criteria)
    """

    recalls: Array
    floors: Array
    ceilings: Array

    def some(self, kept: NDArray[np.bool_]) -> "Matches":
        """Return those of some pairs."""
        return Matches(self.recalls[kept], self.floors[kept], self.ceilings[kept])

    def estimate(self, context: Context, objects: NDArray[np.int64], criterion: int, stage: int = -1) -> Estimate:
        """Return a share with floor, ceiling and interval over objects; objects : (pairs,) the first view's."""
        recall, floor, ceiling = (
            Pooled.of(values, objects, context.val.objects)
            for values in (self.recalls[:, stage, criterion], self.floors[:, criterion], self.ceilings[:, criterion])
        )
        return context.bootstrap.measure(recall, floor, ceiling)

    def named(self, context: Context, objects: NDArray[np.int64], name: str) -> dict[str, Estimate]:
        """Return the share within the widest distance by a name; {} if fewer than two objects have a pair."""
        usable = np.unique(objects[np.isfinite(self.floors[:, WIDEST])])
        return {name: self.estimate(context, objects, WIDEST)} if len(usable) > 1 else {}


def _matched(context: Context, encoder: PreparedEncoder, rows: Rows, stages: Sequence[int]) -> Matches:
    """Match pairs of views by the maps of some stages: rows (k, 2)."""
    recalls = np.full((len(rows), len(stages), len(NAMES)), np.nan)
    floors, ceilings = np.full((2, len(rows), len(NAMES)), np.nan)
    for number, (first, second) in enumerate(_views(context, encoder, rows, stages)):
        pair = Pair.of(first.surface, second.surface)
        if pair is None:
            continue
        floors[number], ceilings[number] = pair.floor, pair.ceiling
        for stage, (own, other) in enumerate(zip(first.maps, second.maps, strict=True)):
            queries = descriptors(own, first.surface.positions[pair.queries])
            recalls[number, stage] = pair.recall(
                queries, descriptors(other, second.surface.positions), context.protocol.tie
            )
    return Matches(recalls, floors, ceilings)


@dataclass(frozen=True)
class _View:
    """A view's pixels of the object, and its maps (C, h, w) after some stages."""

    surface: Surface
    maps: tuple[Tensor, ...]


@torch.no_grad()
def _views(
    context: Context, encoder: PreparedEncoder, rows: Rows, stages: Sequence[int]
) -> Iterator[tuple[_View, _View]]:
    """Yield the two views of each pair; views are encoded in blocks of pairs, each once in a block."""
    val = context.val
    for start in range(0, len(rows), PAIRS_PER_BLOCK):
        numbers, positions = np.unique(rows[start : start + PAIRS_PER_BLOCK], return_inverse=True)
        if val.pixels is None or val.points is None:
            return
        maps = encoder.maps(to_float(val.pixels(numbers), context.device), stages)
        surfaces = map(Surface.of, val.points(numbers))
        views = [_View(surface, tuple(own)) for surface, *own in zip(surfaces, *maps, strict=True)]
        for first, second in positions.reshape(-1, 2):
            yield views[first], views[second]
