"""Metrics of the change of factors between two views: a template for every factor group of a dataset."""

from collections.abc import Iterable
from dataclasses import replace

from iebench.manifests.factors import FactorGroup

from ..statistics.metric_info import MetricInfo
from .targets import COLOUR, COMPOSED, IN_COLOUR, IN_WORLD, TRANSLATION, changes

SECOND = ("light_position", TRANSLATION, IN_WORLD, *COLOUR)
"""Targets of 3DIEBench's recipes without a column, which its tables do not print."""
_R2 = MetricInfo("", "", within=(None, 1.0), over_objects="joint", floor="the mean change of train", ceiling="1")


def nonlinear(groups: Iterable[FactorGroup]) -> dict[str, MetricInfo]:
    """Describe the metrics of nonlinear probes of both views."""
    return _metrics(groups, "", "by a nonlinear probe of both")


def composed(groups: Iterable[FactorGroup]) -> dict[str, MetricInfo]:
    """Describe the metrics of changes that are composed from linear predictions for each view."""
    return _metrics(groups, COMPOSED, "composed from linear predictions for each")


def _metrics(groups: Iterable[FactorGroup], suffix: str, how: str) -> dict[str, MetricInfo]:
    """Describe the metrics by name. suffix : part of a metric's name before its R2."""
    targets, title = changes(groups), suffix.replace("_", " ")
    infos: dict[str, MetricInfo] = {}
    if set(COLOUR) <= targets.keys():
        both = f"change of floor and light hue between two views {how}"
        infos[f"{IN_COLOUR}{suffix}_r2_pooled"] = replace(
            _R2, title=f"colour{title} R² pooled", about=f"{both}, pooled R²", r2="pooled"
        )
        infos[f"{IN_COLOUR}{suffix}_r2_mean"] = replace(
            _R2, title=f"colour{title} R²", about=f"{both}, R² of each component averaged", r2="mean"
        )
    for name in targets:
        infos[f"{name}{suffix}_r2"] = _target(name, title, how, column=name not in SECOND and not suffix)
    return infos


def _target(name: str, title: str, how: str, column: bool) -> MetricInfo:
    """Describe a target's R²."""
    words, about = name.replace("_", " "), f"change of the {name} between two views".replace("_", " ")
    if name in (TRANSLATION, IN_WORLD):
        axes = "its own" if name == TRANSLATION else "the world's"
        words, about = "translation", f"move of the object between two views, along {axes} axes,"
    world = " (world)" if name == IN_WORLD else ""
    return replace(_R2, title=f"{words}{title} R²{world}", about=f"{about} {how}", column=column)
