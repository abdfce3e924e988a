"""The metrics of iebench's probes: a file per probe declares what it measures, and its decorator takes that.

No file needs torch, so that scores are read, compared and validated without it. Start: `by_probe`.
"""

from collections.abc import Iterable, Mapping

from iebench.manifests.factors import FactorGroup, factor_groups
from iebench.manifests.recipe import load

from ..statistics.metric_info import MetricInfo
from . import (
    classification,
    consistency,
    disentanglement,
    explained_variance,
    factor_regression,
    in_context,
    neighbours,
    prediction,
    rotation,
    separation,
    sequence,
)  # fmt: skip
from .geometry import (
    ceilings,
    correspondence,
    descriptions,
    mirror,
    pose_distribution,
    self_similarity,
    sensitivity,
    transfer,
    uncertainty,
)  # fmt: skip

STANDARD = factor_groups(load("3diebench-t").factors)
"""Factor groups of 3DIEBench and its variants; score files do not describe their metrics."""


def by_probe(groups: Iterable[FactorGroup] = STANDARD) -> dict[str, dict[str, MetricInfo]]:
    """Return the metrics of a dataset with these factor groups by name, grouped by the probe's file, in table order.

    >>> by_probe()["neighbours"]["knn_top1"].title
    'kNN top-1 %'
    """
    groups = tuple(groups)
    return {
        "classification": classification.LINEAR | classification.MLP | classification.KERNEL,
        "neighbours": neighbours.KNN | neighbours.FEW,
        "rotation": rotation.ROTATION | rotation.ROTATION_COMPOSED | rotation.POSE | rotation.POSE_LINEAR,
        "decoded_rotation": rotation.DECODED,
        "action_code": rotation.CODE,
        "sequence": sequence.AGGREGATE,
        "in_context": in_context.IN_CONTEXT,
        "factor_regression": factor_regression.nonlinear(groups) | factor_regression.composed(groups),
        "separation": separation.SEPARATION,
        "prediction": prediction.STRICT | prediction.RELEASED,
        "explained_variance": explained_variance.explained(groups),
        "disentanglement": disentanglement.AXES,
        "consistency": consistency.fitted(groups),
        "descriptions": descriptions.DESCRIPTIONS,
        "sensitivity": sensitivity.sensitivities(groups),
        "ceilings": ceilings.CEILINGS,
        "transfer": transfer.transfers(groups),
        "uncertainty": uncertainty.UNCERTAINTY,
        "correspondence": correspondence.CORRESPONDENCE,
        "mirror": mirror.MIRROR,
        "self_similarity": self_similarity.SELF_SIMILARITY,
        "pose_distribution": pose_distribution.POSES | pose_distribution.MAP_POSES,
    }


METRICS: Mapping[str, MetricInfo] = {name: info for metrics in by_probe().values() for name, info in metrics.items()}
"""Metrics of 3DIEBench's factors by name. Score files describe all others: of further factors, of other packages."""
