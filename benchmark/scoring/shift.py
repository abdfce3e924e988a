"""Scoring under a shift: probes are trained on one dataset and measured on another one's val split.

iebench score --data data/mini --ask data/mini-turn
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from iebench.baselines.action import ROTATION
from iebench.manifests.brief import few

from ..fitting.context import MARGIN, Split, Values
from ..metrics.classification import KERNEL, LINEAR, MLP
from ..metrics.neighbours import FEW, KNN
from ..results.score import DataFacts, Shift
from ..statistics.bootstrap import Bootstrap, plain
from ..statistics.resamples import Resamples

OF_CLASS = {*LINEAR, *MLP, *KERNEL, *KNN, *FEW, "class_leak", "share_class"}
OF_FACTORS = {"mig", "dci_disentanglement", "dci_completeness"}  # means over factors, the class among them
ACCURACY = "_top1"  # end of the names of aggregates' and contexts' accuracies
MOST = 0.5  # share of poses


def with_labels_of(train: Split, val: Split) -> Split:
    """Number val's classes as train does, by their names; classes that train does not have get further numbers."""
    numbers = {synset: int(train.labels[i * train.views]) for i, (synset, _) in enumerate(train.identities)}
    for synset, _ in val.identities:
        numbers.setdefault(synset, 1 + max(numbers.values()))
    labels = np.array([numbers[synset] for synset, _ in val.identities], np.int64)
    return replace(val, labels=np.repeat(labels, val.views))


def with_latents_of(split: Split, other: Split) -> Split:
    """Keep the latents that another split has too."""
    return replace(split, latents={name: values for name, values in split.latents.items() if name in other.latents})


def has_unknown_classes(train: Split, val: Split) -> bool:
    """True if val has classes that train does not have; both numbered alike."""
    return not np.isin(val.labels, train.labels).all()


def limits(train: Split, val: Split, name: str) -> tuple[str, ...]:
    """Make notes on what cannot be measured on val, one sentence each; name : of val's dataset."""
    notes = []
    if absent := [latent for latent in train.latents if latent not in val.latents]:
        notes.append(f"{few(absent)} are not measured, since {name} does not have them")
    if same_rotations(train, val):
        notes.append(
            f"the poses of {name} are rotations that the probes' train split has too, under other angles: it is not "
            "out of distribution in rotation"
        )
    if has_unknown_classes(train, val):
        unknown = len(np.unique(val.labels[~np.isin(val.labels, train.labels)]))
        notes.append(
            f"class is not measured, since the probes' train split has no object of {unknown} of the "
            f"{len(np.unique(val.labels))} classes of {name}"
        )
    return tuple(notes)


def same_rotations(train: Split, val: Split) -> bool:
    """True if most poses of val lie outside train's angles, and inside as the other angles of the same rotation.

    (x + pi, pi - y, z + pi) is the same rotation as (x, y, z): angles in [-pi, -pi/2] or [pi/2, pi], as 3DIEBench-OOD
    has them, are those of 3DIEBench again.
    """
    if not (train.has(ROTATION) and val.has(ROTATION)):
        return False
    seen = train.columns(ROTATION, np.arange(len(train.labels)))
    angles = val.columns(ROTATION, np.arange(len(val.labels)))
    margin = MARGIN * np.ptp(seen, axis=0)

    def inside(triples: NDArray[np.float64]) -> NDArray[np.bool_]:
        within: NDArray[np.bool_] = ((triples >= seen.min(0) - margin) & (triples <= seen.max(0) + margin)).all(-1)
        return within

    twins = np.pi * np.array([1, 1, 1]) + angles * [1, -1, 1]
    wrapped = (twins + np.pi) % (2 * np.pi) - np.pi
    return bool((~inside(angles) & inside(wrapped)).mean() > MOST)


def without_class(values: Values) -> Values:
    """Leave out the metrics that depend on the class."""
    return {
        part: {m: entry for m, entry in measured.items() if m not in OF_CLASS | OF_FACTORS and not m.endswith(ACCURACY)}
        for part, measured in values.items()
    }


def shift_of(own: Values, values: Values, bootstrap: Bootstrap, dataset: DataFacts, paired: bool) -> Shift:
    """Record the values on the probes' own val split, of those metrics that were measured under the shift.

    own : values on the own val split, with the samples of `bootstrap`; values : those under the shift
    """
    kept = {
        part: {metric: entry for metric, entry in measured.items() if metric in values[part]}
        for part, measured in own.items()
    }
    return Shift(
        dataset=dataset,
        paired=paired,
        values={part: {metric: plain(entry) for metric, entry in measured.items()} for part, measured in kept.items()},
        draws=Resamples.of(bootstrap, kept).draws,
    )
