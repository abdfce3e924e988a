"""Predictions for every view of val, to be shown: the class by the linear probe, and how far the pose is off."""

import numpy as np

from ..fitting.context import Context, Split
from ..results.score import Answers
from ..statistics.resamples import pack

CLASS, POSE = "classification", "pose"
"""Questions of the two probes."""


def answers(context: Context) -> Answers | None:
    """Pack the predictions; None if no probe predicts the class of every view."""
    if CLASS not in context.answers:
        return None
    names = _names(context.train) | _names(context.val)
    classes = sorted(names.values())
    number = {label: classes.index(name) for label, name in names.items()}
    predicted, _ = context.answers[CLASS]
    _, degrees = context.answers.get(POSE, (None, np.empty(0)))
    objects = context.val.labels[:: context.val.views]
    return Answers(
        classes=tuple(classes),
        true=pack(np.array([number[label] for label in objects.tolist()], np.float64)),
        predicted=pack(np.array([number[label] for label in predicted[:, 0].tolist()], np.float64)),
        degrees=pack(np.rint(degrees)) if len(degrees) else "",
    )


def _names(split: Split) -> dict[int, str]:
    """Return label -> synset of a split's classes."""
    return {int(split.labels[i * split.views]): synset for i, (synset, _) in enumerate(split.identities)}
