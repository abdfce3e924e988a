"""What a reader of a score should know before trusting its values: one sentence each, kept in the score file."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from .predictor import Predictor
from .probes.context import Split
from .probes.standardise import block_rows
from .regularisation import Regularisation


def dead_columns(features: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which columns of features (n, D) are the same in every row, up to float32's rounding: (D,)."""
    first = features[0].astype(np.float64)
    limit = 1e-6 * np.abs(first)
    dead: NDArray[np.bool_] = np.ones(features.shape[1], np.bool_)
    step = block_rows(features.shape[1])
    for start in range(0, len(features), step):
        dead &= (np.abs(features[start : start + step] - first) <= limit).all(0)
        if not dead.any():
            break
    return dead


def about(
    features: NDArray[np.float32], parts: Mapping[str, slice], wanted: Sequence[str], latents: Mapping[str, object]
) -> tuple[str, ...]:
    """Notes on the train split's features (n, D).

    parts : of the representation
    wanted : the latents that the encoder's predictor needs, () without a predictor; latents : those of the dataset
    """
    notes = []
    dead = dead_columns(features)
    if dead.all():
        notes.append(f"all {len(dead)} columns of the features are constant: the encoder maps every image to one point")
    elif dead.any():
        notes.append(f"{dead.sum()} of {len(dead)} columns of the features are constant and carry nothing")
        notes.extend(f"all columns of the part {name} are constant" for name, part in parts.items() if dead[part].all())
    missing = [name for name in wanted if name not in latents]
    if missing:
        notes.append(f"the predictor was not scored: it needs {', '.join(missing)}, which the dataset does not have")
    return tuple(notes)


def signs(predictor: Predictor | None, released: bool, trained_here: bool) -> tuple[str, ...]:
    """A note on the sign of the quaternions that a predictor is given, where there is something to know.

    released : whether the protocol gives those of the SIE scripts; trained_here : on w >= 0, as iebench trains
    """
    if predictor is None or predictor.as_released == released:
        return ()
    if predictor.as_released:
        return (
            "its predictor is given quaternions with the sign of the product of the two poses, on which it was trained",
        )
    if not trained_here:
        return ()
    return (
        "its predictor learnt quaternions with w >= 0 and is given them with the sign of the SIE scripts, the other "
        "one for about 4 % of the pairs of views: the protocol strict gives it what it learnt",
    )


def scarce(train: Split, val: Split, retrieval: int) -> tuple[str, ...]:
    """Notes on what a dataset is too small or too uniform to say.

    retrieval : least number of views that finding one among an object's others needs; 0 where nobody is asked to
    """
    notes = []
    still = [name for name in val.latents if not (train.shows([name]) and val.shows([name]))]
    if still:
        verb, them = ("does", "it") if len(still) == 1 else ("do", "them")
        notes.append(f"{', '.join(still)} {verb} not vary, so that nothing is asked about {them} alone")
    if val.views < retrieval:
        notes.append(
            f"objects have {val.views} views, and to find one among others takes {retrieval}: MRR, H@k, PRE and what "
            "fitted maps find are left out"
        )
    if val.objects == 1:
        notes.append(
            "val has one object, so that intervals of what is no mean over objects have no width: they say nothing of "
            "others"
        )
    if len(np.unique(val.labels)) == 1:
        notes.append("val has objects of one class, which a constant answer names")
    return tuple(notes)


def unsettled(chosen: Mapping[str, Mapping[str, Regularisation]]) -> tuple[str, ...]:
    """Notes on probes that are not known to be at their best: part -> question -> what was chosen for it."""
    every = [(f"{question} ({part})", one) for part, found in chosen.items() for question, one in found.items()]
    cut = [name for name, one in every if not one.converged]
    weak = [name for name, one in every if one.edge == "weakest"]
    notes = []
    if cut:
        notes.append(f"not converged within the protocol's limits, so that longer might be better: {', '.join(cut)}")
    if weak:
        notes.append(f"the weakest regularisation was chosen, so that a weaker one might be better: {', '.join(weak)}")
    return tuple(notes)
