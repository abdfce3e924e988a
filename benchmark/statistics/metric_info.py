"""The metrics by name: title, format and meaning. Tables, reports and checks share this list."""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Literal

from iebench.manifests.text.plain_text import flaw

FRACTION, DEGREES = (0.0, 1.0), (0.0, 180.0)
NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
LONGEST = {"title": 60, "about": 300}  # characters


@dataclass(frozen=True)
class MetricInfo:
    """Description of a metric, for tables and reports.

    title : column header; about : explanation in one line
    higher : whether more is better; factor, digits : the shown number is value * factor with this number of decimals
    ranked : false if neither less nor more is better; then no value is marked as best and there are no ranks
    column : whether the leaderboard has a column for it (CSV has all metrics)
    within : range of an object's value, for a metric that is a mean over objects; None for others
    """

    title: str
    about: str
    higher: bool = True
    factor: float = 1.0
    digits: int = 3
    column: bool = True
    ranked: bool = True
    within: tuple[float, float] | None = None

    def show(self, value: float) -> str:
        """Format a value as tables print it.

        >>> METRICS["top1"].show(0.4567), METRICS["mrr"].show(0.4567)
        ('45.7', '0.457')
        """
        shown = f"{value * self.factor:.{self.digits}f}"
        return shown.removeprefix("-") if float(shown) == 0 else shown  # never "-0.000"


def declaration_faults(metric: str, info: MetricInfo) -> Iterator[str]:
    """Find reasons why a metric that another package declares cannot be shown, one clause each.

    >>> list(declaration_faults("top1", MetricInfo("", "mine", digits=-1)))
    ["is iebench's own", 'has a title of 0 characters, not 1 to 60', 'has -1 digits, not 0 to 10']
    """
    if not NAME.fullmatch(metric):
        yield f"must have a name of at most 60 lower-case letters, digits and _, not {metric!r:.80}"
    if metric in METRICS:
        yield "is iebench's own"
    for name, most in LONGEST.items():
        text = getattr(info, name)
        if not 1 <= len(text) <= most:
            yield f"has {'a' if name == 'title' else 'an'} {name} of {len(text)} characters, not 1 to {most}"
        if what := flaw(text):
            yield f"has {'a' if name == 'title' else 'an'} {name} that holds {what}"
    if not 0 < info.factor < math.inf:
        yield f"has the factor {info.factor}, not a positive number"
    if not 0 <= info.digits <= 10:
        yield f"has {info.digits} digits, not 0 to 10"
    if info.within is not None and not -math.inf < info.within[0] < info.within[1] < math.inf:
        yield f"has the range {info.within}, not two numbers of which the first is less"


SHARES = {
    "class": "the class", "object": "the object", "rotation": "the pose", "floor_hue": "the floor's hue",
    "light_hue": "the spot's hue", "light_position": "the spot's position",
    "translation_object": "the place along the object's axes",
}  # fmt: skip

MAPS = {
    "mrr": ("MRR", "reciprocal rank of the target view among the object's views, for any encoder"),
    "error": ("error", "unexplained share of the variance within objects"),
    "error_nonlinear": ("error, nonlinear", "the same for a map with a hidden layer beside the linear one"),
    "identity": ("identity error", "distance between f(z, identity) and z, as a share of that variance"),
    "inverse": ("inverse error", "distance between f(f(z, g), inverse of g) and z"),
    "composition": ("composition error", "distance between f(f(z, g), h) and f(z, gh)"),
}
"""Metrics of a map between views that is fitted to any encoder: title and meaning."""


def _angles(name: str, about: str, views: Literal[1, 2]) -> dict[str, MetricInfo]:
    """Make the metrics of predicted rotations, of one view or between two; those of two have columns and an oracle."""
    title = name.replace("_", " ")
    column = views == 2
    share = partial(MetricInfo, factor=100, digits=1, column=False, within=FRACTION)
    error = partial(MetricInfo, higher=False, digits=1)
    found = {
        "r2_pooled": MetricInfo(f"{title} R² pooled", f"{about}, R² against one mean of all components", column=column),
        "r2_mean": MetricInfo(
            f"{title} R² mean", f"{about}, mean R² of the components; a constant scores 0", column=column
        ),
        "degrees_mean": error(
            f"{title} error °", f"{about}: mean geodesic angle to the true one", column=column, within=DEGREES
        ),
        "degrees_median": error(f"{title} error ° median", f"{about}: median of that angle", column=False),
        "within_15": share(f"{title} within 15° %", f"{about}: how often that angle is at most 15 degrees"),
        "within_30": share(f"{title} within 30° %", f"{about}: how often that angle is at most 30 degrees"),
    }
    if views == 2:
        found["degrees_symmetric"] = error(
            f"{title} error °, symmetric",
            f"{about}: mean angle to the nearest rotation that looks like the true one",
            column=False,
            within=DEGREES,
        )
    return {f"{name}_{kind}": measure for kind, measure in found.items()}


def _changes(suffix: str, how: str) -> dict[str, MetricInfo]:
    """Make the metrics of factors' changes between two views. suffix : part of a metric's name before its R2."""
    title = suffix.replace("_", " ")
    hidden = partial(MetricInfo, column=False)
    return {
        f"colour{suffix}_r2_pooled": hidden(
            f"colour{title} R² pooled", f"change of floor and light hue between two views {how}, pooled R²"
        ),
        f"colour{suffix}_r2_mean": MetricInfo(
            f"colour{title} R²", f"change of floor and light hue between two views {how}, R² of each component averaged"
        ),
        f"floor_hue{suffix}_r2": hidden(f"floor hue{title} R²", f"change of the floor's hue between two views {how}"),
        f"light_hue{suffix}_r2": hidden(f"light hue{title} R²", f"change of the spot's hue between two views {how}"),
        f"light_position{suffix}_r2": hidden(
            f"light position{title} R²", f"change of the spot's two angles between two views {how}"
        ),
        f"translation_object{suffix}_r2": hidden(
            f"translation{title} R²", f"move of the object between two views, along its own axes, {how}"
        ),
        f"translation_base{suffix}_r2": hidden(
            f"translation{title} R² (world)", f"move of the object between two views, along the world's axes, {how}"
        ),
    }


METRICS = {
    "top1": MetricInfo("top-1 %", "class from one view by a linear layer", factor=100, digits=1, within=FRACTION),
    "top5": MetricInfo(
        "top-5 %", "the class is among the five highest", factor=100, digits=1, column=False, within=FRACTION
    ),
    "mlp_top1": MetricInfo(
        "MLP top-1 %", "class from one view by an MLP", factor=100, digits=1, column=False, within=FRACTION
    ),
    "kernel_top1": MetricInfo(
        "kernel top-1 %",
        "class from one view by kernel regression",
        factor=100,
        digits=1,
        column=False,
        within=FRACTION,
    ),
    "knn_top1": MetricInfo(
        "kNN top-1 %", "class by a vote of the nearest train views", factor=100, digits=1, column=False, within=FRACTION
    ),
    "shot1_top1": MetricInfo(
        "1-shot top-1 %", "class by one object of each class", factor=100, digits=1, column=False, within=FRACTION
    ),
    "shot5_top1": MetricInfo(
        "5-shot top-1 %", "class by 5 objects of each class", factor=100, digits=1, column=False, within=FRACTION
    ),
    "shot10_top1": MetricInfo(
        "10-shot top-1 %", "class by 10 objects of each class", factor=100, digits=1, column=False, within=FRACTION
    ),
    **_angles("rotation", "rotation between two views by a nonlinear probe of both", views=2),
    **_angles("rotation_composed", "rotation between two views, composed from linear answers to each", views=2),
    **_angles("pose", "pose of one view by a nonlinear probe", views=1),
    **_angles("pose_linear", "pose of one view by a linear layer", views=1),
    **_changes("", "by a nonlinear probe of both"),
    **_changes("_composed", "composed from linear answers to each"),
    "pose_leak": MetricInfo(
        "pose leak",
        "rotation information of the invariant part, as a share of the whole representation's",
        higher=False,
        column=False,
    ),
    "class_leak": MetricInfo(
        "class leak",
        "class information of the equivariant part, as a share of the whole representation's",
        higher=False,
        column=False,
    ),
    "mrr": MetricInfo(
        "MRR", "predictor: reciprocal rank of the right view among the object's other views", within=FRACTION
    ),
    "h1": MetricInfo("H@1", "predictor: the right view comes first", within=FRACTION),
    "h2": MetricInfo("H@2", "predictor: the right view is among the first two", column=False, within=FRACTION),
    "h5": MetricInfo("H@5", "predictor: the right view is among the first five", column=False, within=FRACTION),
    "h10": MetricInfo("H@10", "predictor: the right view is among the first ten", column=False, within=FRACTION),
    "pre": MetricInfo(
        "PRE", "predictor: pose error of the nearest val embedding, 0 to 1", higher=False, within=FRACTION
    ),
    "mrr_released": MetricInfo(
        "MRR as released", "the same with the source view among the questions and the answers", within=FRACTION
    ),
    "h1_released": MetricInfo("H@1 as released", "the right view comes first, the source included", within=FRACTION),
    "h2_released": MetricInfo(
        "H@2 as released", "the right view is among the first two, the source included", column=False, within=FRACTION
    ),
    "h5_released": MetricInfo(
        "H@5 as released", "the right view is among the first five, the source included", column=False, within=FRACTION
    ),
    "h10_released": MetricInfo(
        "H@10 as released", "the right view is among the first ten, the source included", column=False, within=FRACTION
    ),
    "pre_released": MetricInfo(
        "PRE as released", "pose error of the nearest val embedding, the source included", higher=False, within=FRACTION
    ),
    "pre_all_released": MetricInfo(
        "PRE val-all as released",
        "the same with the nearest embedding of both splits",
        higher=False,
        column=False,
        within=FRACTION,
    ),
    **{
        f"{name}_train_released": MetricInfo(
            f"{title} train-train as released",
            "the same as released, on views of the train split",
            column=False,
            within=FRACTION,
        )
        for name, title in (("mrr", "MRR"), ("h1", "H@1"), ("h2", "H@2"), ("h5", "H@5"), ("h10", "H@10"))
    },
    "pre_train_released": MetricInfo(
        "PRE train-train as released",
        "the same, with queries and candidates from the train split",
        higher=False,
        column=False,
        within=FRACTION,
    ),
    **{
        f"share_{name}": MetricInfo(
            f"{name.replace('_', ' ')} share %",
            f"how much of the representation's variance {what} moves; less is more invariant",
            higher=False,
            factor=100,
            digits=1,
            column=False,
            ranked=False,  # an invariant part should have a small share of the pose, an equivariant part a large one
        )
        for name, what in SHARES.items()
    },
    "mig": MetricInfo(
        "MIG", "how much more of a factor the best column knows than the next one, mean over factors", column=False
    ),
    "dci_disentanglement": MetricInfo(
        "DCI disentanglement", "how far each column serves a linear reader of one factor alone", column=False
    ),
    "dci_completeness": MetricInfo(
        "DCI completeness", "how far each factor is read linearly from one column alone", column=False
    ),
    **{
        f"{group}_map_{name}": MetricInfo(
            f"{group} map {title}",
            f"best linear map of views, told {what}: {about}",
            higher=name == "mrr",
            column=(group, name) == ("rotation", "mrr"),
            within=FRACTION if name == "mrr" else None,
        )
        for group, what in {"rotation": "the rotation", "colour": "both changes of hue"}.items()
        for name, (title, about) in MAPS.items()
    },
}

WHOLE = "whole"
"""Name of the part that is the whole representation; the encoder names the others."""


def within(metric: str, declared: Mapping[str, MetricInfo] | None = None) -> tuple[float, float] | None:
    """Return the range of an object's value, for a metric that is a mean over objects; None for others.

    declared : metrics of other packages

    >>> within("top1"), within("pose_degrees_mean"), within("rotation_r2_mean")
    ((0.0, 1.0), (0.0, 180.0), None)
    """
    found = METRICS.get(metric) or (declared or {}).get(metric)
    return None if found is None else found.within
