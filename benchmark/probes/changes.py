"""Changes: what moved between two views beside the rotation, and by how much: hues, light, place.

`colour` asks as Garrido et al. (2023) do; `changes` asks for all that the dataset has, in one head.
"""

from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from iebench.baselines.action import ROTATION
from iebench.manifests.conventions import pose

from ..bootstrap import R2, Measured
from .context import Context, Rows, Split
from .heads import Answers, Task, head, seen
from .regression import both_r2
from .stack import squares

Array = NDArray[np.float64]

TRANSLATION = ("trans_x", "trans_y", "trans_z")
FACTORS = {
    "floor_hue": ("floor_hue",),
    "light_hue": ("light_hue",),
    "light_position": ("light_theta", "light_phi"),
    "translation_object": TRANSLATION,
    "translation_base": (*TRANSLATION, *ROTATION),
}
"""A factor of variation, and the latents that make it up. A translation is meant along the object's own axes before it
is turned, or along the world's after."""
COLOUR = ("floor_hue", "light_hue")


@head("colour")
def colour(context: Context) -> Task | None:
    """R2 of how far both hues move, together and each."""
    return _task(context, "colour", COLOUR) if all(shown(context, name) for name in COLOUR) else None


@head("changes")
def changes(context: Context) -> Task | None:
    """R2 of how far each factor moves that the dataset varies."""
    present = [name for name in FACTORS if shown(context, name)]
    return _task(context, "changes", present) if present else None


@head("translation_object")
def translation_object(context: Context) -> Task | None:
    """R2 of how far the object moved along its own axes."""
    return _placed(context, "translation_object")


@head("translation_base")
def translation_base(context: Context) -> Task | None:
    """R2 of how far the object moved along the world's axes."""
    return _placed(context, "translation_base")


def _placed(context: Context, factor: str) -> Task | None:
    return _task(context, factor, [factor]) if shown(context, factor) else None


def shown(context: Context, factor: str) -> bool:
    """Whether both splits have a factor's latents and vary it; turning what never moves is no translation."""
    latents = FACTORS[factor]
    return context.train.has(latents) and context.shows(TRANSLATION if factor == "translation_base" else latents)


def moved(context: Context, split: Split, rows: Rows, factor: str) -> Array:
    """How far a factor moves from the first view to the second: rows (..., 2) -> (..., c).

    A plain difference for each of its latents; sine and cosine of it for one on a circle, if the protocol asks so.
    """
    if factor == "translation_base":
        first, second = (place_in_world(split, rows[..., view]) for view in (0, 1))
        return second - first
    parts: list[Array] = []
    for name in FACTORS[factor]:
        values = split.latents[name][rows]
        difference = values[..., 1] - values[..., 0]
        if context.protocol.circular == "sine" and name in context.turns:
            angle = difference * (2 * np.pi / context.turns[name])
            parts += [np.sin(angle), np.cos(angle)]
        else:
            parts.append(difference)
    return np.stack(parts, axis=-1)


def place_in_world(split: Split, rows: Rows) -> Array:
    """Where the object's origin is, R t for a translation t before the rotation R: rows (...) -> (..., 3)."""
    flat = rows.reshape(-1)
    turned = pose(split.columns(ROTATION, flat)).apply(split.columns(TRANSLATION, flat))
    return turned.reshape(*rows.shape, 3)


def _task(context: Context, name: str, factors: Sequence[str]) -> Task:
    """A head that is asked how far some factors move, all at once."""

    def target(split: Split, rows: Rows) -> Array:
        return np.concatenate([moved(context, split, rows, factor) for factor in factors], axis=-1)

    mean = target(context.train, seen(context, 2)).mean(0)
    widths = [moved(context, context.train, np.zeros((1, 2), np.int64), factor).shape[-1] for factor in factors]
    ends = np.cumsum(widths)
    columns = {factor: np.arange(end - width, end) for factor, width, end in zip(factors, widths, ends, strict=True)}

    def measure(found: Answers) -> dict[str, Measured]:
        wanted = target(context.val, found.rows)

        def of(chosen: NDArray[np.int64], build: partial[R2]) -> Measured:
            constant = np.broadcast_to(mean[chosen], (len(wanted), len(chosen)))
            heads = [build(wanted[:, chosen], one[:, chosen], found.objects) for one in found.outputs]
            return context.bootstrap.measure(heads, build(wanted[:, chosen], constant, found.objects), 1.0)

        kind = partial(R2.of, pooled=context.protocol.r2 == "pooled")
        each = {f"{factor}_r2": of(chosen, kind) for factor, chosen in columns.items()}
        if not set(COLOUR) <= columns.keys():
            return each
        hues = np.concatenate([columns[name] for name in COLOUR])
        both = both_r2(
            context.bootstrap, "colour", wanted[:, hues], found.outputs[..., hues], found.objects, mean[hues],
            wanted[:, hues],
        )  # fmt: skip
        return both | each

    return Task(name, 2, int(ends[-1]), lambda split, rows: target(split, rows).astype(np.float32), squares, measure)
