"""Metrics of an aggregate of several views, of methods that have one."""

from dataclasses import replace

from ..statistics.metric_info import MetricInfo
from .classification import accuracy
from .rotation import angles

VIEWS = (1, 3, 5)  # context views of an aggregate, as in Ghaemi et al. 2025
PATH, ROTATION = "path", "rotation"


def name(views: int, metric: str) -> str:
    """Return the name of a metric of the aggregate of so many context views."""
    return f"aggregate{views}_{metric}"


def _aggregate(views: int) -> dict[str, MetricInfo]:
    """Describe the metrics of the aggregate of so many context views."""
    of = f"the aggregate of {views} view{'s' * (views > 1)}"
    path = angles(
        name(views, PATH), f"rotation from the first view to the next one by a nonlinear probe of {of} and an action", 1
    )
    path[name(views, "path_degrees_mean")] = replace(path[name(views, "path_degrees_mean")], column=views == max(VIEWS))
    rotation = {
        metric: replace(info, column=False)
        for metric, info in angles(
            name(views, ROTATION),
            f"rotation from the last view to the next one by a nonlinear probe of {of} and the next",
            2,
        ).items()
    }
    top1 = accuracy(f"aggregate {views} top-1 %", f"share of {of} whose class a linear layer names", column=True)
    return {name(views, "top1"): top1, **path, **rotation}


AGGREGATE = {metric: info for views in VIEWS for metric, info in _aggregate(views).items()}
