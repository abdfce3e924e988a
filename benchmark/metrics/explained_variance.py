"""Metrics of the variance that each factor explains: a template for every factor group of a dataset."""

from collections.abc import Iterable

from iebench.manifests.factors import FactorGroup

from ..statistics.metric_info import MetricInfo
from .targets import ROTATION, TRANSLATION, shares

_WORDS = {ROTATION: "the pose", TRANSLATION: "the position along the object's axes"}


def explained(groups: Iterable[FactorGroup]) -> dict[str, MetricInfo]:
    """Describe the share of the class, of the object and of each group."""
    return {
        f"share_{name}": MetricInfo(
            f"{name.replace('_', ' ')} share %",
            "share of the differences between features (their variance) that "
            f"{_WORDS.get(name) or f'the {name}'.replace('_', ' ')} explains; 0: the features ignore it",
            higher=False,
            factor=100,
            digits=1,
            column=False,
            ranked=False,  # an invariant part should have a small share of the pose, an equivariant part a large one
            within=(None, 1.0),
            unit="%",
            floor="0, a constant",
            over_objects="joint",
        )
        for name in ("class", "object", *shares(groups))
    }
