"""Changes: the change of each factor group between two views, apart from the rotation: hues, light, position.

`colour` has the target of Garrido et al. (2023); `changes` has all factors of the dataset as targets of one head.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from iebench.baselines.action import ROTATION
from iebench.manifests.conventions import circle, pose

from ..fitting.context import Context, Rows, Split
from ..fitting.heads import Predictions, Task, seen
from ..fitting.regression import Chosen, both_r2, left_out
from ..fitting.stack import squares
from ..metrics.targets import COLOUR, IN_WORLD, POSITION
from ..statistics.bootstrap import Estimate
from ..statistics.explained import varying

Array = NDArray[np.float64]


def colour(context: Context) -> Task | None:
    """R2 of the change of both hues, together and each."""
    return task(context, "colour", COLOUR) if all(shown(context, name) for name in COLOUR) else None


def changes(context: Context) -> Task | None:
    """R2 of the change of each factor that the dataset varies."""
    factors = present(context)
    return task(context, "changes", factors) if factors else None


def translation_object(context: Context) -> Task | None:
    """R2 of the object's displacement along its own axes."""
    return _translation(context, "translation_object")


def translation_base(context: Context) -> Task | None:
    """R2 of the object's displacement along the world's axes."""
    return _translation(context, "translation_base")


def _translation(context: Context, factor: str) -> Task | None:
    return task(context, factor, [factor]) if shown(context, factor) else None


def present(context: Context) -> list[str]:
    """Return the factors that both splits have and vary."""
    return [name for name in context.changes if shown(context, name)]


def shown(context: Context, factor: str) -> bool:
    """True if both splits have a factor's latents and vary it; the rotation of a fixed translation does not count."""
    latents = context.changes.get(factor, ())
    return context.train.has(latents) and context.shows(POSITION if factor == IN_WORLD else latents)


def moved(context: Context, split: Split, rows: Rows, factor: str) -> Array:
    """Return the change of a factor from the first view to the second: rows (..., 2) -> (..., c).

    It is a plain difference for each latent; for a circular latent its sine and cosine, if the protocol says so.
    """
    if factor == IN_WORLD:
        first, second = (position_in_world(split, rows[..., view]) for view in (0, 1))
        return second - first
    parts: list[Array] = []
    for name in context.changes[factor]:
        values = split.latents[name][rows]
        difference = values[..., 1] - values[..., 0]
        if _circular(context, name):
            parts += circle(difference, context.turns[name])
        else:
            parts.append(difference)
    return np.stack(parts, axis=-1)


def single(context: Context, split: Split, rows: Rows, factor: str) -> Array:
    """Return a factor in single views, in the form that `composed` needs: rows (n,) -> (n, c)."""
    if factor == IN_WORLD:
        return position_in_world(split, rows)
    columns: list[Array] = []
    for name in context.changes[factor]:
        values = split.latents[name][rows]
        if _circular(context, name):
            columns += circle(values, context.turns[name])
        else:
            columns.append(values)
    return np.stack(columns, axis=-1)


def composed(context: Context, factor: str, first: Array, second: Array) -> Array:
    """Return the change of a factor from `single` of both views (k, c), or from the expectations of both: (k, c).

    The sine and cosine of a difference are products of those of the views. For independent views the expectation of the
    change thus follows exactly from the expectations of both views.
    """
    if factor == IN_WORLD:
        return second - first
    columns: list[Array] = []
    for name in context.changes[factor]:
        at = sum(part.shape[1] for part in columns)
        if _circular(context, name):
            (sine, cosine), (sine_2, cosine_2) = first[:, at : at + 2].T, second[:, at : at + 2].T
            step = [sine_2 * cosine - cosine_2 * sine, cosine_2 * cosine + sine_2 * sine]
            columns.append(np.stack(step, axis=1))
        else:
            columns.append(second[:, at : at + 1] - first[:, at : at + 1])
    return np.concatenate(columns, axis=1)


def _circular(context: Context, name: str) -> bool:
    return context.protocol.circular == "sine" and name in context.turns


def position_in_world(split: Split, rows: Rows) -> Array:
    """Position of the object's origin, R t for a translation t before the rotation R: rows (...) -> (..., 3)."""
    flat = rows.reshape(-1)
    turned = pose(split.columns(ROTATION, flat)).apply(split.columns(POSITION, flat))
    return turned.reshape(*rows.shape, 3)


def task(context: Context, name: str, factors: Sequence[str], suffix: str = "") -> Task | None:
    """Make a task for the changes of some factors together; None if no factor changes between views of an object.

    suffix : part of a metric's name before its R2
    """
    rows = seen(context, 2), context.val.all_pairs()[0]
    moves = {
        factor: (moved(context, context.train, rows[0], factor), moved(context, context.val, rows[1], factor))
        for factor in factors
    }
    kept = {factor: varying(*both) for factor, both in moves.items()}
    kept_factors = [factor for factor in factors if len(kept[factor])]
    context.notes.extend(
        f"{f} is not measured: it is the same in all views of an object" for f in factors if f not in kept_factors
    )
    if not kept_factors:
        return None
    widths = [moves[factor][0].shape[1] for factor in kept_factors]
    if context.protocol.r2 == "mean":
        for factor, width in zip(kept_factors, widths, strict=True):
            context.notes.extend(left_out(f"{factor}{suffix}_r2", kept[factor], width))
    ends = np.cumsum(widths)
    columns = {
        factor: np.arange(end - width, end) for factor, width, end in zip(kept_factors, widths, ends, strict=True)
    }
    mean = np.concatenate([moves[factor][0].mean(0) for factor in kept_factors])

    def target(split: Split, rows: Rows) -> Array:
        return np.concatenate([moved(context, split, rows, factor) for factor in kept_factors], axis=-1)

    def measure(predictions: Predictions) -> dict[str, Estimate]:
        targets = target(context.val, predictions.rows)
        for factor, chosen in columns.items():
            truth, outputs = targets[:, chosen], predictions.outputs[..., chosen]
            squares = ((outputs - truth) ** 2).sum(-1)
            context.log(
                predictions.part, f"{factor}{suffix}", predictions.rows, truth, outputs, squares, "squared",
                predictions.seeds,
            )  # fmt: skip

        def both(metric: str, chosen: Chosen, kept: Chosen) -> dict[str, Estimate]:
            return both_r2(
                context.bootstrap, metric, targets[:, chosen], predictions.outputs[..., chosen], predictions.objects,
                mean[chosen], targets[:, chosen], kept,
            )  # fmt: skip

        each = {
            f"{factor}{suffix}_r2": both(factor, chosen, kept[factor])[f"{factor}_r2_{context.protocol.r2}"]
            for factor, chosen in columns.items()
        }
        if not set(COLOUR) <= columns.keys():
            return each
        hues = np.concatenate([columns[name] for name in COLOUR])
        together = varying(*(np.concatenate([moves[hue][split] for hue in COLOUR], axis=1) for split in (0, 1)))
        return both(f"colour{suffix}", hues, together) | each

    return Task(name, 2, int(ends[-1]), lambda split, rows: target(split, rows).astype(np.float32), squares, measure)
