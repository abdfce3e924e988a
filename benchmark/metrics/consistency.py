"""Metrics of maps between views that are fitted to any encoder: a template for rotation and circular groups."""

from collections.abc import Iterable

from iebench.manifests.factors import FactorGroup

from ..statistics.metric_info import FRACTION, MetricInfo
from .targets import ROTATION, circles, shares

MAPS = {
    "mrr": ("MRR", "1 / rank of the true view, on average, among the object's views; 1: always first"),
    "error": (
        "error",
        "share of the differences between an object's views that f does not explain; 0: it explains all",
    ),
    "error_nonlinear": ("error, nonlinear", "the share that f does not explain with a hidden layer added to it"),
    "identity": (
        "identity error",
        "distance between f(z, no change) and z, as a share of the variance within objects; 0: nothing changes nothing",
    ),
    "inverse": (
        "inverse error",
        "distance from z after g and then its inverse, as a share of the variance within objects; 0: one is back",
    ),
    "composition": (
        "composition error",
        "distance between f(f(z, g), h) and f(z, gh), as a share of the variance within objects; 0: two steps are one",
    ),
}
"""Metrics of a map: title and meaning."""
_FLOORS = {
    "mrr": "a random order", "error": "the same map without the transformation",
    "error_nonlinear": "the same map without the transformation",
}  # fmt: skip


def fitted(groups: Iterable[FactorGroup]) -> dict[str, MetricInfo]:
    """Describe the metrics of the maps of each group of transformations."""
    groups = tuple(groups)
    conditions = {ROTATION: "the rotation"} if ROTATION in shares(groups) else {}
    conditions |= {
        name: "both changes of hue" if name == "colour" else f"the change of the {name.replace('_', ' ')}"
        for name in circles(groups)
    }
    return {
        f"{group}_map_{name}": MetricInfo(
            f"{group.replace('_', ' ')} map {title}",
            f"for the best linear map f(z, g) from the features z of a view and {condition}, g, to those of the view "
            f"after it, fitted for any encoder: {about}",
            higher=name == "mrr",
            column=(group, name) == (ROTATION, "mrr"),
            within=FRACTION if name == "mrr" else (0.0, None),
            floor=_FLOORS.get(name, "another view of the object as the prediction"),
            over_objects="mean" if name == "mrr" else "joint",
        )
        for group, condition in conditions.items()
        for name, (title, about) in MAPS.items()
    }
