"""Metrics of the change of a representation with one factor: a template for every factor of a dataset."""

from collections.abc import Iterable

from iebench.manifests.factors import FactorGroup

from ...statistics.metric_info import MetricInfo, name_fault

SIZES = 4
"""Sizes of change of which a curve has a point each: quarters of an object's changes, in order of size."""


def cosine_at(size: int, factor: str) -> str:
    """Return the name of a curve's point; size : 1 for the smallest changes .. SIZES for the largest."""
    return f"cosine{size}_{factor}"


def sensitivities(groups: Iterable[FactorGroup]) -> dict[str, MetricInfo]:
    """Describe, for each factor that can name a metric, its sensitivity, its cosine, and the points of its curve."""
    infos: dict[str, MetricInfo] = {}
    for factor in (factor.name for group in groups for factor in group.factors):
        words, only = factor.replace("_", " "), f"of an object of which only {factor.replace('_', ' ')} differs"
        if name_fault(cosine_at(SIZES, factor)) or len(words) > 36:
            continue
        infos[f"sensitivity_{factor}"] = MetricInfo(
            f"{words} sensitivity", f"mean distance between two views {only}, as a share of that between two objects; "
            "0: invariant, 1: as strong as another object", column=False, ranked=False, within=(0.0, None),
            floor="0, a constant", over_objects="joint",
        )  # fmt: skip
        infos[f"cosine_{factor}"] = _cosine(f"{words} cosine", f"cosine of two views {only}; 1: invariant")
        for size in range(1, SIZES + 1):
            title, which = f"{words} cosine, size {size}", f"by change {size} of {SIZES} in order of size"
            infos[cosine_at(size, factor)] = _cosine(title, f"cosine of two views {only}, {which}")
    return infos


def _cosine(title: str, about: str) -> MetricInfo:
    return MetricInfo(
        title, about, column=False, ranked=False, within=(-1.0, 1.0), floor="base views of two different objects"
    )
