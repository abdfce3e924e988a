"""Classification from the features of one view: linear heads as Garrido et al. (2023), or heads with hidden layers."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ..fitting.context import Context
from ..fitting.heads import Predictions, Task
from ..fitting.stack import entropy, misses
from ..statistics.bootstrap import Estimate, Mean
from ..statistics.metrics import top_k


def linear_task(context: Context) -> Task:
    """top1 and top5 of any linear classifier; the floor predicts the most frequent classes of the train split."""
    return _task(context, "classification", {"top1": 1, "top5": 5})


def mlp_task(context: Context) -> Task:
    """mlp_top1 of a head with hidden layers."""
    return _task(context, "classification_mlp", {"mlp_top1": 1})


def kernel_task(context: Context) -> Task:
    """kernel_top1 of a kernel regression."""
    return _task(context, "kernel", {"kernel_top1": 1})


def _task(context: Context, head_name: str, ks: Mapping[str, int]) -> Task:
    """Make the classification task; ks : metric -> number of highest logits that count."""
    train, val = context.train, context.val
    classes = np.unique(train.labels)
    learnt, targets = class_indices(classes, train.labels), class_indices(classes, val.labels)
    frequency = np.bincount(learnt).astype(np.float64)

    def measure(predictions: Predictions) -> dict[str, Estimate]:
        labels = targets[predictions.rows[:, 0]]
        wrong = np.stack([1 - top_k(logits, labels, 1) for logits in predictions.outputs])
        context.log(
            predictions.part, head_name, predictions.rows, val.labels[predictions.rows],
            classes[predictions.outputs.argmax(-1)][..., None], wrong, "wrong", predictions.seeds,
        )  # fmt: skip
        usual = np.broadcast_to(frequency, (len(labels), len(frequency)))
        return {
            name: context.bootstrap.measure(
                [Mean.of(top_k(logits, labels, k), predictions.objects) for logits in predictions.outputs],
                Mean.of(top_k(usual, labels, k), predictions.objects),
                ceiling=1.0,
            )
            for name, k in ks.items()
        }

    return Task(head_name, 1, len(classes), lambda split, rows: learnt[rows[..., 0]], entropy, measure, misses)


def class_indices(classes: NDArray[np.int64], labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the position of each label among the sorted classes, -1 for a class that is not among them."""
    position = np.minimum(np.searchsorted(classes, labels), len(classes) - 1)
    return np.where(classes[position] == labels, position, -1)
