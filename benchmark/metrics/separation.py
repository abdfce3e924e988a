"""Metrics of the separation of a representation's parts."""

from ..statistics.metric_info import MetricInfo

SEPARATION = {
    name: MetricInfo(
        title, about, higher=False, column=False, over_objects="joint", floor="0, no information in the part"
    )
    for name, title, about in (
        (
            "pose_leak", "pose leak",
            "rotation information of the invariant part, as a share of the whole representation's",
        ),
        (
            "class_leak", "class leak",
            "class information of the equivariant part, as a share of the whole representation's",
        ),
    )
}  # fmt: skip
