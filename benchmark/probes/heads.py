"""Heads of class, pose, rotation and changes of factors: those that the protocol has settings for, trained together."""

from collections.abc import Callable, Sequence

from iebench.manifests.factors import FactorGroup

from .. import metrics
from ..fitting.context import Context, Values, probe
from ..fitting.heads import Task, train_heads
from ..statistics.metric_info import MetricInfo
from . import classification, factor_regression, rotation

TASKS: dict[str, Callable[[Context], Task | None]] = {
    "classification": classification.linear_task,
    "classification_mlp": classification.mlp_task,
    "rotation": rotation.rotation,
    "pose": rotation.absolute,
    "colour": factor_regression.colour,
    "changes": factor_regression.changes,
    "translation_object": factor_regression.translation_object,
    "translation_base": factor_regression.translation_base,
}
"""Task of each head that a protocol may have (`protocol.HEADS`), in the same order; None if it does not apply."""


def declared(groups: Sequence[FactorGroup]) -> dict[str, MetricInfo]:
    """Describe the metrics of all heads."""
    single = metrics.classification.LINEAR | metrics.classification.MLP | metrics.rotation.POSE
    return single | metrics.rotation.ROTATION | metrics.factor_regression.nonlinear(groups)


@probe("heads", metrics=declared)
def heads(context: Context) -> Values:
    """Measure every task that has heads in the protocol and whose latents the dataset has."""
    candidates = [make(context) for name, make in TASKS.items() if name in context.protocol.heads]
    tasks = [task for task in candidates if task is not None]
    values: Values = {part: {} for part in context.parts}
    for task, by_part in zip(tasks, train_heads(context, tasks), strict=True):
        for part, predictions in by_part.items():
            values[part] |= task.measure(predictions)
    return values
