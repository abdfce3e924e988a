"""Mental rotation: do two pictures show the same object, turned, or an object and its mirror image?

People need longer and err more the larger the angle is (Shepard and Metzler 1971, Science 171). Here the error of a
head over the angle is measured, on features of two pictures.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from iebench.baselines.action import ROTATION
from iebench.manifests.conventions import pose

from ...data.rows import rows_of, spread
from ...encoders.prepared import PreparedEncoder, represent
from ...features.cache import to_float
from ...fitting.context import Context, Split, Values, probe
from ...fitting.solving import Result, Train, Views, by_part, solve
from ...metrics.geometry.mirror import ANGLE_BINS, MIRROR, at_angle
from ...statistics.bootstrap import Estimate, Pooled
from .pairs import Pairs, differ

Array = NDArray[np.float64]
VIEWS = 16  # most views of an object
PICTURES = {"train": 8192, "val": 4096}  # most pictures, each of which is encoded a second time, flipped
BATCH = 256  # pictures
TRACE = 0.4  # error of the control below which the head reads traces of flipping


@dataclass(frozen=True)
class Flipped:
    """Some objects of a split with their features, V of each object's pictures and then V of the same flipped.

    pairs : the pairs to judge; numbers : the objects' numbers in their own split
    """

    split: Split
    pairs: Pairs
    numbers: NDArray[np.int64]


@probe("mirror", metrics=MIRROR, suite="full")
def mirror(context: Context) -> Values:
    """Measure mirror_* and its curve over the angle: errors of a head and of the cosine, half of which are by chance.

    The head is a ridge regression on |f1 - f2| and f1 * f2 of standardised features, fitted on train objects.
    """
    reason = hindrance(context)
    if reason or context.encoder is None or context.protocol.linear is None:
        context.notes.append(f"mirror images are not told apart: {reason}")
        return {}
    train, val = (flipped(context, context.encoder, name) for name in ("train", "val"))
    if len(np.unique(val.pairs.rows // val.split.views)) < 2 or not len(train.pairs.rows):
        context.notes.append("mirror images are not told apart: no views whose mirrored pair has the same angle")
        return {}
    values = by_part(context, [lambda part: _solved(context, train, val, part)])
    for part, own in values.items():
        if own["mirror_control"].value < TRACE:
            context.notes.append(
                f"mirror_head of the part {part} is low for another reason too: the head tells flipped pictures of "
                f"different objects apart with {100 * own['mirror_control'].value:.0f} % of errors, by light and shadow"
            )
    return values


def hindrance(context: Context) -> str:
    """Return the reason why the probe cannot be measured; "" if it can."""
    if context.encoder is None or context.train.pixels is None or context.val.pixels is None:
        return "a file of features has no pictures to flip"
    if not context.shows(ROTATION):
        return "the rotation of the objects does not vary"
    if context.val.camera is None or context.train.camera is None:
        return "the camera moves, or turns about its line of sight"
    return "" if context.protocol.linear else "the protocol has no linear probe, whose penalties the head selects from"


@torch.no_grad()
def flipped(context: Context, encoder: PreparedEncoder, name: str) -> Flipped:
    """Encode some pictures of a split a second time, flipped left to right."""
    own = context.train if name == "train" else context.val
    views = min(own.views, VIEWS)
    numbers = spread(own.objects, max(2, PICTURES[name] // views))
    rows = rows_of(numbers, own.views, views)
    assert own.pixels is not None and own.camera is not None
    mirrored = [
        represent(
            encoder.name, encoder.module, to_float(np.ascontiguousarray(own.pixels(chunk)[:, :, ::-1]), context.device),
            encoder.precision,
        ).cpu().numpy()
        for chunk in np.array_split(rows, -(-len(rows) // BATCH))
    ]  # fmt: skip
    shape = len(numbers), views, -1
    both = np.concatenate([own.features[rows].reshape(shape), np.concatenate(mirrored).reshape(shape)], axis=1)
    split = replace(
        own,
        features=both.reshape(-1, both.shape[-1]),
        labels=np.repeat(own.labels[rows].reshape(-1, views)[:, 0], 2 * views),
        latents={},
        identities=[own.identities[number] for number in numbers],
        views=2 * views,
    )
    poses = pose(own.columns(ROTATION, rows)).as_matrix().reshape(len(numbers), views, 3, 3)
    return Flipped(split, Pairs.of(poses, own.camera.phi), numbers)


def compared(columns: int) -> Callable[[Tensor], Tensor]:
    """Return the function from features of two pictures (b, 2 D) to the head's inputs (b, 2 D), whatever the order."""

    def lifted(both: Tensor) -> Tensor:
        first, second = both[:, :columns], both[:, columns:]
        return torch.cat([(first - second).abs(), first * second], dim=1)

    return lifted


def _solved(context: Context, train: Flipped, val: Flipped, part: str) -> Callable[[], Result]:
    """Fit the head of a part, and return the function that measures its errors on val."""
    columns, settings = context.parts[part], context.protocol.linear
    assert settings is not None
    lifted = compared(columns.stop - columns.start)
    rows = train.pairs.rows
    tuning = np.isin(train.numbers[rows[:, 0] // train.split.views], context.tuning_objects)

    def views(of: Flipped, pairs: NDArray[np.int64]) -> Views:
        return Views(context, part, of.split, pairs, lifted)

    solved = solve(
        Train(views(train, rows[~tuning]), views(train, rows[tuning]), views(train, rows)),
        {"mirror": lambda split, some: np.where(differ(some, split.views), 1.0, -1.0)[:, None]},
        settings.ridge,
    )["mirror"]
    pairs, objects = val.pairs, len(val.numbers)
    others = pairs.with_others(objects, val.split.views // 2)
    scores, control = (views(val, own).predictions(solved.final)[:, 0] for own in (pairs.rows, others))
    distances = [_distances(context, part, of) for of in (train, val)]
    threshold = best_threshold(distances[0], train.pairs.mirrored)
    owners = val.numbers[pairs.rows[:, 0] // val.split.views]
    wrong = {"head": (scores > 0) != pairs.mirrored, "cosine": (distances[1] > threshold) != pairs.mirrored}

    def result() -> Result:
        values = {f"mirror_{kind}": _mean(context, own, owners) for kind, own in wrong.items()}
        values["mirror_control"] = _mean(context, *per_owner(control, pairs.mirrored, owners))
        for kind, own in wrong.items():
            for low, high in zip((-1, *ANGLE_BINS), ANGLE_BINS, strict=False):
                inside = (pairs.degrees > low) & (pairs.degrees <= high)
                if len(np.unique(owners[inside])) > 1:
                    values[at_angle(high, kind)] = _mean(context, own[inside], owners[inside])
        return values, {"mirror": solved.chosen}

    return result


def _mean(context: Context, wrong: NDArray[np.bool_] | Array, owners: NDArray[np.int64]) -> Estimate:
    statistic = Pooled.of(wrong.astype(np.float64), owners, context.val.objects)
    return context.bootstrap.measure(statistic, 0.5)


def _distances(context: Context, part: str, of: Flipped) -> Array:
    """Return one less the cosine of the standardised features of each pair: (n,)."""
    features = context.standardiser(of.split.features, context.parts[part]).astype(np.float64)
    unit = features / np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-12)
    return np.asarray(1.0 - np.einsum("nd,nd->n", unit[of.pairs.rows[:, 0]], unit[of.pairs.rows[:, 1]]))


def best_threshold(distances: Array, mirrored: NDArray[np.bool_]) -> float:
    """Return the percentile of train's distances above which a pair is called mirrored with the fewest errors."""
    candidates = np.quantile(distances, np.linspace(0.01, 0.99, 99))
    errors = [((distances > candidate) != mirrored).mean() for candidate in candidates]
    return float(candidates[int(np.argmin(errors))])


def per_owner(scores: Array, mirrored: NDArray[np.bool_], owners: NDArray[np.int64]) -> tuple[Array, NDArray[np.int64]]:
    """Return the share of (same, mirrored) pairs of an object that scores put in the wrong order, and the objects.

    It is one less the area under the ROC curve of each object; equal scores count a half.
    """
    present = np.unique(owners)
    shares = []
    for owner in present:
        own = owners == owner
        steps = np.sign(scores[own & mirrored][:, None] - scores[own & ~mirrored][None])
        shares.append(float(0.5 - 0.5 * steps.mean()))
    return np.array(shares), present
