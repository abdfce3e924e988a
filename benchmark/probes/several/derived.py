"""The protocol's own probes of class, pose and rotation on other features of the same objects."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation
from torch import Tensor

from iebench.baselines.action import ROTATION
from iebench.manifests.common.progress import Meter
from iebench.manifests.conventions import pose_quaternion, relative_quaternion
from iebench.manifests.factors import FactorGroup

from ...fitting.context import PROBES, Context, Oracle, Rows, Split, Values
from ...fitting.standardise import Standardiser
from ...statistics.bootstrap import Estimate

SOLVED_OR_TRAINED = ("linear", "kernel", "heads")  # probes; each runs if the protocol has settings for it


def probed(
    context: Context, train: Split, val: Split, parts: Mapping[str, slice], names: Mapping[str, str],
    groups: tuple[FactorGroup, ...] = (), oracle: Oracle | None = None,
) -> Values:  # fmt: skip
    """Train the protocol's probes on the training objects of `train`, and measure them on `val`.

    train, val : splits with the objects of the context's, in the same order
    parts : name -> columns of their features; a score's regularisation and chosen settings have these names
    names : head of the result -> head whose settings in the protocol it takes
    groups : factor groups to probe, beside class and pose
    oracle : oracle for the pose or the rotation of `val`
    """
    protocol, columns = context.protocol, train.features.shape[1]
    settings = {head: protocol.heads[source] for head, source in names.items() if source in protocol.heads}
    scaled = protocol.features == "standardised"
    other = replace(
        context,
        train=train,
        val=val,
        parts=parts,
        standardiser=Standardiser.of(train.features) if scaled else Standardiser.nothing(columns),
        method=None,
        network=None,
        encoder=None,
        oracle=oracle,
        groups=groups,
        samples=None,
        meter=Meter("", total=1, unit="", shown=False),
        protocol=replace(protocol, heads=settings, batch_norm="eval"),  # the features are no longer the encoder's
    )
    values: Values = {part: {} for part in parts}
    for name in SOLVED_OR_TRAINED:
        for part, measured in PROBES[name].function(other).items():
            values[part] |= measured
    return values


def rotated(context: Context, train: Split, val: Split, part: str, name: str, pairs: Rows) -> dict[str, Estimate]:
    """Train and measure the protocol's heads for rotations, on views that stand for pairs, whose pose is the rotation.

    part : name of the features in a score's chosen settings; name : head of the metrics' names
    pairs : (n, 2), the rows of the context's val split for which the views of `val` stand
    returns : metric -> value; also metrics of other names, if another probe measures them
    """
    oracle = None if context.oracle is None else PairOracle(context.oracle, context.val, pairs)
    other = replace(context, notes=[], protocol=replace(context.protocol, linear=None))
    parts = {part: slice(0, train.features.shape[1])}
    values = probed(other, train, val, parts, {"pose": "rotation"}, oracle=oracle)[part]
    context.notes.extend(note.replace("pose", name, 1) for note in other.notes if note.startswith("pose"))
    return {metric.replace("pose", name, 1): entry for metric, entry in values.items()}


@dataclass(frozen=True)
class PairOracle:
    """An oracle for views that stand for pairs: row i is the pair `pairs[i]` of `split`.

    pairs : (n, 2)
    """

    oracle: Oracle
    split: Split
    pairs: Rows

    @property
    def views(self) -> int:
        """Return 1, since a pair has one row."""
        return 1

    def __call__(self, split: Split, rows: Rows) -> NDArray[np.float64]:
        """Return the best predictions for the pairs of rows (k, 1): (k, 3, 3)."""
        return self.oracle(self.split, self.pairs[rows[:, 0]])

    def error(self, split: Split, rows: Rows, predicted: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return degrees from quaternions (k, 4) to the nearest rotation that looks like the pair's: (k,)."""
        return self.oracle.error(self.split, self.pairs[rows[:, 0]], predicted)


def along(split: Split, rows: Rows, features: NDArray[np.float32]) -> Split:
    """Return the split whose views are made of several of an object; their pose is the rotation from first to last.

    rows : (objects * count, k) of `split`, object by object; features : (objects * count, D)
    """
    count = len(rows) // split.objects
    latents: dict[str, NDArray[np.float64]] = {}
    if split.has(ROTATION):
        first, last = (split.columns(ROTATION, rows[:, view]) for view in (0, -1))
        latents = dict(zip(ROTATION, between(first, last).T, strict=True))
    turn = np.arange(split.pairs.shape[1])[:, None] + np.arange(2)
    return Split(
        features=features,
        labels=split.labels[rows[:, 0]],
        latents=latents,
        identities=split.identities,
        views=count,
        pairs=np.broadcast_to(turn % count, (split.objects, *turn.shape)),
    )


def between(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return angles of R1^-1 R2, whose quaternion has the sign of `relative_quaternion(..., as_released=True)`.

    first, second : angles (n, 3); returns : (n, 3), the first one beyond half a turn where the sign asks for it
    """
    quaternions = relative_quaternion(first, second, as_released=True)
    angles: NDArray[np.float64] = Rotation.from_quat(quaternions).as_euler("xyz")
    angles[:, 0] += 2 * np.pi * ((pose_quaternion(angles, as_released=True) * quaternions).sum(1) < 0)
    return angles


def collected(blocks: Iterable[Tensor], count: int) -> NDArray[np.float32]:
    """Return the rows of all blocks (b, E) in one array (count, E), so that no row is in memory twice."""
    rows, start = np.empty((0, 0), np.float32), 0
    for block in blocks:
        if not start:
            rows = np.empty((count, block.shape[1]), np.float32)
        rows[start : start + len(block)] = block.float().cpu().numpy()
        start += len(block)
    return rows
