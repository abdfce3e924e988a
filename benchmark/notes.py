"""What a reader of a score should know before trusting its values: one sentence each, kept in the score file."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from .probes.standardise import BLOCK


def dead_columns(features: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which columns of features (n, D) are the same in every row, up to float32's rounding: (D,)."""
    first = features[0].astype(np.float64)
    limit = 1e-6 * np.abs(first)
    dead: NDArray[np.bool_] = np.ones(features.shape[1], np.bool_)
    for start in range(0, len(features), BLOCK):
        dead &= (np.abs(features[start : start + BLOCK] - first) <= limit).all(0)
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
