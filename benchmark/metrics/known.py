"""The metrics that this installation can rank: iebench's own, and those of installed packages.

A score file describes all metrics that are not iebench's own. One whose package is missing is shown as unknown.
"""

from collections.abc import Mapping

from iebench.manifests.installed import plugins

from ..statistics.metric_info import MetricInfo
from . import METRICS
from .geometry.curves import is_point

GROUP = "iebench.probes"  # entry points: name of a probe -> module that registers it; see `fitting.context.PROBES`


def info_of(metric: str, declared: Mapping[str, MetricInfo]) -> MetricInfo:
    """Return the description of a metric. declared : descriptions in the score file"""
    info = METRICS.get(metric) or declared.get(metric)
    return info or MetricInfo(metric, "described neither by iebench nor by the score file", column=False)


def named_metrics() -> list[str]:
    """Return iebench's metrics that a table may show, for the completion of their names."""
    return [metric for metric in METRICS if not is_point(metric)]


def unknown(metric: str, declared: Mapping[str, MetricInfo]) -> str:
    """Return the reason why a metric of a score file cannot be ranked, as a clause; "" if it can.

    declared : descriptions in the score file
    """
    if metric in METRICS:
        return ""
    if metric not in declared:
        return "neither this iebench nor the score file describes it: update iebench"
    package = declared[metric].package
    if not package or package in _packages():
        return ""
    return f"the package {package}, whose probe measures it, is not installed: install it"


def _packages() -> set[str]:
    """Return the names of the installed packages with probes."""
    return {point.dist.name for point in plugins.points(GROUP).values() if point.dist is not None}
