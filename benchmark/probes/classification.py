"""Classification: one linear layer on one view's features; top-1 and top-5 over all val views."""

import numpy as np
from numpy.typing import NDArray
from torch import nn

from ..bootstrap import Mean
from ..metrics import top_k
from .context import Context, Values, probe
from .heads import Task, answers

KS = {"top1": 1, "top5": 5}


@probe("classification")
def classification(context: Context) -> Values:
    """top1 and top5 of each part; the floor always answers the train split's most frequent classes."""
    train, val = context.train, context.val
    classes = np.unique(train.labels)
    learnt, wanted = place(classes, train.labels), place(classes, val.labels)
    task = Task(
        views=1,
        hidden=(),
        outputs=len(classes),
        target=lambda _, rows: learnt[rows[:, 0]],
        loss=nn.functional.cross_entropy,
        training=context.protocol.classification,
    )
    frequency = np.tile(np.bincount(learnt).astype(np.float64), (len(wanted), 1))
    values: Values = {}
    for part, logits in answers(context, task, np.arange(len(wanted))[:, None]).items():
        values[part] = {
            name: context.bootstrap.measure(
                Mean.of(top_k(logits, wanted, k), val.image_objects),
                Mean.of(top_k(frequency, wanted, k), val.image_objects),
            )
            for name, k in KS.items()
        }
    return values


def place(classes: NDArray[np.int64], labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Position of each label among the sorted classes, -1 for a class that is not among them."""
    position = np.minimum(np.searchsorted(classes, labels), len(classes) - 1)
    return np.where(classes[position] == labels, position, -1)
