"""Topics of metrics: the headings under which the page lists them."""

from ..metrics import by_probe
from ..statistics.metric_info import MetricInfo

TOPICS = {
    "classification": "class", "neighbours": "class", "in_context": "class",
    "rotation": "rotation and pose", "decoded_rotation": "rotation and pose", "action_code": "rotation and pose",
    "sequence": "rotation and pose",
    "factor_regression": "factors", "separation": "factors", "explained_variance": "factors",
    "disentanglement": "factors",
    "prediction": "prediction",
    "consistency": "maps between views",
    "descriptions": "shape of the representation",
    "sensitivity": "when one factor changes",
    "ceilings": "best possible rotation",
    "transfer": "probes on views of another kind",
    "uncertainty": "does a number warn of a wrong class?",
    "correspondence": "maps of the encoder", "self_similarity": "maps of the encoder",
    "pose_distribution": "pose as a distribution",
    "mirror": "same or mirrored?",
}  # fmt: skip
"""File of a probe -> topic; the topic of others is the name of their file."""
_PROBES = {metric: probe for probe, metrics in by_probe().items() for metric in metrics}


def topic(metric: str, info: MetricInfo) -> str:
    """Return a metric's topic; that of a metric of another package is the package.

    >>> topic("knn_top1", MetricInfo("kNN top-1 %", "share of right classes"))
    'class'
    """
    probe = _PROBES.get(metric)
    if probe is None:
        return info.package or "factors of this dataset"
    return TOPICS.get(probe, probe.replace("_", " "))
