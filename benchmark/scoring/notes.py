"""Notes of a score: facts that limit the meaning of its values, one sentence each, stored in the score file."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from iebench.manifests.brief import few

from ..encoders.predictor import Predictor
from ..fitting.context import MARGIN, Split
from ..fitting.standardise import LEAST, Standardiser, block_rows
from ..statistics.regularisation import Regularisation

UNUSUAL = 1e6  # deviation of raw features, or its inverse
STRANGE = 1e3  # deviations of val's features from train's mean
NARROW = 1e-2  # of a latent's deviation in the other split


def about(
    features: NDArray[np.float32], parts: Mapping[str, slice], inputs: Sequence[str], latents: Mapping[str, object]
) -> tuple[str, ...]:
    """Make notes on the train split's features (n, D).

    parts : parts of the representation
    inputs : latents that the encoder's predictor needs, () without a predictor; latents : latents of the dataset
    """
    notes = []
    constant, rounded = still_columns(features)
    dead, width = constant | rounded, len(constant)
    if constant.all():
        notes.append(f"all {width} columns of the features are constant: the encoder maps every image to one point")
    elif constant.any():
        notes.append(f"{constant.sum()} of {width} columns of the features are constant and carry no information")
    if rounded.any():
        notes.append(
            f"{rounded.sum()} of {width} columns of the features vary by less than a millionth of their size, which is "
            "float32's rounding, and count as constant: if they should carry more, subtract their mean before they are "
            "rounded to float32"
        )
    if not constant.all():
        notes.extend(f"all columns of the part {name} are constant" for name, part in parts.items() if dead[part].all())
    missing = [name for name in inputs if name not in latents]
    if missing:
        notes.append(f"the predictor was not scored: it needs {', '.join(missing)}, which the dataset does not have")
    return tuple(notes)


def still_columns(features: NDArray[np.float32]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Find constant columns of features (n, D), and columns that are constant up to float32's rounding: (D,) each."""
    first = features[0].astype(np.float64)
    same, dead = np.ones((2, features.shape[1]), np.bool_)
    step = block_rows(features.shape[1])
    for start in range(0, len(features), step):
        distance = np.abs(features[start : start + step] - first).max(0)
        same &= distance == 0
        dead &= distance <= LEAST * np.abs(first)
        if not dead.any():
            break
    return same, dead & ~same


def sizes(moments: Standardiser, standardised: bool, val: NDArray[np.float32]) -> tuple[str, ...]:
    """Make notes on features whose size does not suit the protocol, or differs between the splits.

    moments : moments of train's features; standardised : True if the protocol divides by them; val : (n, D) features
    """
    alive = np.isfinite(moments.scale)
    if not alive.any():
        return ()
    notes, usual = [], float(np.median(moments.scale[alive]))
    if not standardised and not 1 / UNUSUAL < usual < UNUSUAL:
        notes.append(
            f"columns of the features have a standard deviation of {usual:.0e}; this protocol does not standardise "
            "them, and "
            "its learning rates suit a deviation of about 1: scale them, or use a protocol that standardises"
        )
    step, far = block_rows(val.shape[1]), 0.0
    for start in range(0, len(val), step):
        far = max(
            far, float((np.abs(val[start : start + step] - moments.mean.astype(np.float64)) / moments.scale).max())
        )
    if far > STRANGE:
        notes.append(
            f"features of val lie up to {far:.0e} standard deviations from train's mean, so that probes trained on "
            "train say little about them: check that the features of both splits were computed in the same way"
        )
    return tuple(notes)


def signs(predictor: Predictor | None, released: bool, trained_here: bool) -> tuple[str, ...]:
    """Make a note on the sign of a predictor's quaternions if the sign differs from that of its training.

    released : True if the protocol uses the sign of the SIE scripts; trained_here : True if
        iebench trained it, on w >= 0
    """
    if predictor is None or predictor.as_released == released:
        return ()
    if predictor.as_released:
        return (
            "its predictor is conditioned on quaternions with the sign of the product of the two poses, as in its "
            "training",
        )
    if not trained_here:
        return ()
    return (
        "its predictor was trained on quaternions with w >= 0 and is conditioned on those of the SIE scripts, whose "
        "sign is the opposite for about 4 % of the pairs of views: the protocol strict keeps w >= 0",
    )


def scarce(train: Split, val: Split, retrieval: int, turns: Mapping[str, float]) -> tuple[str, ...]:
    """Make notes on metrics that a dataset is too small or too uniform for.

    retrieval : smallest number of views per object for retrieval; 0 if nothing is retrieved
    turns : circular latents
    """
    notes = []
    still = [name for name in val.latents if not (train.shows([name]) and val.shows([name]))]
    if still:
        verb = ("does", "is") if len(still) == 1 else ("do", "are")
        notes.append(f"{', '.join(still)} {verb[0]} not vary and {verb[1]} not measured alone")
    if val.views < retrieval:
        notes.append(
            f"objects have {val.views} views and retrieval needs {retrieval}: MRR, H@k, PRE and the retrieval by "
            "fitted maps are left out"
        )
    notes += _unlike(train, val, turns)
    if train.objects == 1:
        notes.append("train has one object, so that probes trained on it may not hold for others")
    if val.objects == 1:
        notes.append(
            "val has one object, so that metrics that are not a mean over objects have intervals without width"
        )
    for name, split in (("train", train), ("val", val)):
        if len(np.unique(split.labels)) == 1:
            notes.append(f"{name} has objects of one class, which a constant prediction gets right")
    return tuple(notes)


def _unlike(train: Split, val: Split, turns: Mapping[str, float]) -> list[str]:
    """Make notes on latents that vary in both splits, but over different ranges."""
    outside, narrow = [], []
    for name in val.latents:
        if not (train.shows([name]) and val.shows([name])):
            continue
        seen, values = train.latents[name], val.latents[name]
        margin = MARGIN * np.ptp(seen)
        if name not in turns and ((values < seen.min() - margin) | (values > seen.max() + margin)).any():
            outside.append(name)
        if not NARROW < np.std(values) / np.std(seen) < 1 / NARROW:
            narrow.append(name)
    notes = []
    if outside:
        notes.append(f"val has values of {few(outside)} outside train's range, where probes extrapolate")
    if narrow:
        notes.append(
            f"one split varies {few(narrow)} over a hundred times less than the other, so that R² and shares of these "
            "mean little"
        )
    return notes


def unsettled(chosen: Mapping[str, Mapping[str, Regularisation]]) -> tuple[str, ...]:
    """Make notes on probes that may not be optimal. chosen : part -> regression or head -> selected regularisation."""
    every = [
        (f"{question} ({part})", selection)
        for part, selections in chosen.items()
        for question, selection in selections.items()
    ]
    cut = [name for name, selection in every if not selection.converged]
    weak = [name for name, selection in every if selection.edge == "weakest"]
    notes = []
    if cut:
        notes.append(f"not converged within the protocol's limits; more steps might be better: {', '.join(cut)}")
    if weak:
        notes.append(f"the weakest regularisation was selected; a weaker one might be better: {', '.join(weak)}")
    return tuple(notes)
