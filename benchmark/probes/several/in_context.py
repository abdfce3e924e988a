"""Read-outs of views in a context: probes of them as the context grows, and retrieval by prediction in a context.

The context consists of pairs of views of train objects with their actions, which are the rotation or the hues alone.
Longer contexts contain the shorter ones. A method sees the context's views by their cached representations.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from iebench.baselines.action import Latents
from iebench.baselines.several_views import InContextMethod

from ...data import pairs
from ...data.rows import rows_of
from ...fitting.context import Context, Rows, Split, Values, probe
from ...fitting.standardise import block_rows
from ...metrics.in_context import HITS, IN_CONTEXT, TOKENS, name
from ...metrics.targets import COLOUR
from ...statistics.bootstrap import Estimate, Mean
from ...statistics.metric_info import WHOLE
from ...statistics.retrieval import chance_reciprocal, own_rank_counts
from .derived import collected, probed

VIEWS = 10  # first views of each object whose read-outs are scored
QUERIED = ("classification", "rotation", "colour", "changes")  # heads that are trained on read-outs
Features = NDArray[np.float32]


@probe("in_context", metrics=IN_CONTEXT)
def in_context(context: Context) -> Values:
    """Measure contextC_ENVIRONMENT_*, C tokens: class, rotation, colour, and ranks of predicted views."""
    method = context.network
    if not isinstance(method, InContextMethod) or not context.train.has(method.latents):
        return {}
    train, val = (_fewer(split, context) for split in (context.train, context.val))
    values: dict[str, Estimate] = {}
    for environment in method.environments:
        for tokens in TOKENS:
            memory = _memory(context, method, environment, tokens // 2)
            gallery = _outputs(val, partial(_read, context, method, val, memory))
            known = name(tokens, environment)
            if f"{known}_top1" not in values:
                shown = _outputs(train, partial(_read, context, method, train, memory))
                values |= _probed(context, replace(train, features=shown), replace(val, features=gallery), known)
            values |= _ranked(context, method, val, gallery, environment, memory, tokens)
    return {WHOLE: values}


def _fewer(split: Split, context: Context) -> Split:
    """Return a split with the first VIEWS views of each object, and pairs of these."""
    if split.views <= VIEWS:
        return split
    rows, protocol = rows_of(np.arange(split.objects), split.views, VIEWS), context.protocol
    return replace(
        split,
        features=split.features[rows],
        labels=split.labels[rows],
        latents={latent: values[rows] for latent, values in split.latents.items()},
        views=VIEWS,
        pairs=pairs.draw(split.identities, VIEWS, split.pairs.shape[1], protocol.pair_seed, "pairs of read-outs"),
    )


@torch.no_grad()
def _memory(context: Context, method: InContextMethod, environment: str, count: int) -> Any:
    """Return a method's memory of `count` pairs of views of train objects; each object once before any comes again."""
    train, most = context.train, max(TOKENS) // 2
    order = np.random.default_rng(context.protocol.pair_seed).permutation(context.training_objects)
    rounds = np.arange(most) // len(order) % train.pairs.shape[1]
    rows = train.pair_rows(np.resize(order, most), rounds)[:count]  # type: ignore[arg-type]
    first, second = (_at(context, train, view) for view in rows.T)
    source, target = (_latents(train, method, view) for view in rows.T)
    return method.remember(first, second, source, target, environment)


def _probed(context: Context, train: Split, val: Split, part: str) -> dict[str, Estimate]:
    """Measure class, rotation and colour of read-outs; part : head of the metrics' names."""
    groups = tuple(group for group in context.groups if group.name in COLOUR)
    parts = {part: slice(0, train.features.shape[1])}
    measured = probed(context, train, val, parts, {head: head for head in QUERIED}, groups)[part]
    return {f"{part}_{metric}": entry for metric, entry in measured.items() if f"{part}_{metric}" in IN_CONTEXT}


def _ranked(
    context: Context, method: InContextMethod, val: Split, gallery: Features, environment: str, memory: Any, tokens: int
) -> dict[str, Estimate]:
    """Measure the rank of each view, predicted from view 0 of its object, among the object's read-outs."""
    first = 0 if context.protocol.retrieval == "with the source" else 1
    count = val.views - first
    if count < 2:
        return {}

    def predicted(rows: Rows) -> Tensor:
        start = rows // val.views * val.views
        source, target = (_latents(val, method, view) for view in (start, rows))
        return method.foresee(_at(context, val, start), source, target, environment, memory)

    shape = val.objects, val.views, -1
    queries = _outputs(val, predicted).reshape(shape)[:, first:]
    ranks = own_rank_counts(gallery.reshape(shape)[:, first:], queries, context.protocol.tie)
    objects, measure = np.repeat(np.arange(val.objects), count), context.bootstrap.measure
    values = {"mrr": measure(Mean.of(ranks.reciprocal, objects), chance_reciprocal(count))}
    values |= {hit: measure(Mean.of(ranks.within(most), objects), min(1.0, most / count)) for hit, most in HITS.items()}
    return {name(tokens, environment, metric): entry for metric, entry in values.items()}


@torch.no_grad()
def _outputs(split: Split, of: Callable[[Rows], Tensor]) -> Features:
    """Return a method's outputs for all rows of a split, block by block: (n, E)."""
    count, step = len(split.labels), block_rows(max(TOKENS) * split.features.shape[1])
    return collected((of(np.arange(start, min(start + step, count))) for start in range(0, count, step)), count)


def _read(context: Context, method: InContextMethod, split: Split, memory: Any, rows: Rows) -> Tensor:
    return method.read(_at(context, split, rows), memory)


def _at(context: Context, split: Split, rows: Rows) -> Tensor:
    return torch.from_numpy(split.features[rows]).to(context.device)


def _latents(split: Split, method: InContextMethod, rows: Rows) -> Latents:
    return {latent: torch.from_numpy(split.latents[latent][rows]) for latent in method.latents}
