"""The description of a metric, which its probe declares; tables, checks, reports and docs read it."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from iebench.manifests.text.plain_text import flaw

WHOLE = "whole"
"""Name of the part that is the whole representation; the encoder names the others."""
FRACTION, DEGREES = (0.0, 1.0), (0.0, 180.0)
LONGEST_NAME = 60  # characters
LONGEST = {"title": 60, "about": 300, "unit": 20, "floor": 120, "ceiling": 120, "package": 120}  # characters


@dataclass(frozen=True)
class MetricInfo:
    """Description of a metric.

    title : column header; about : explanation in one sentence
    higher : whether more is better; factor, digits : the shown number is value * factor with this number of decimals
    column : whether the leaderboard has a column for it (CSV has all metrics)
    ranked : false if neither less nor more is better; then no value is marked as best and there are no ranks
    within : smallest and largest value, each None if unbounded; None if both are
    unit : unit of the shown number, such as "%"
    floor, ceiling : reference predictions behind an entry's floor and its ceiling, in words
    over_objects : "mean": mean of the val objects' own values; "median": of all samples; "joint": one statistic of all
        samples, such as R²
    r2 : kind of R²; a leaderboard has columns of the kind that its protocol prints. "" for other metrics
    split : split of the measured objects; bootstrap samples of train are not stored
    package : package whose probe measures it; "" for iebench
    """

    title: str
    about: str
    higher: bool = True
    factor: float = 1.0
    digits: int = 3
    column: bool = True
    ranked: bool = True
    within: tuple[float | None, float | None] | None = None
    unit: str = ""
    floor: str = ""
    ceiling: str = ""
    over_objects: Literal["mean", "median", "joint"] = "mean"
    r2: Literal["", "mean", "pooled"] = ""
    split: Literal["val", "train"] = "val"
    package: str = ""

    @property
    def limits(self) -> tuple[float, float]:
        """Smallest and largest value; infinite if unbounded.

        >>> MetricInfo("R²", "variance explained", within=(None, 1.0)).limits
        (-inf, 1.0)
        """
        low, high = self.within or (None, None)
        return (-math.inf if low is None else low, math.inf if high is None else high)

    @property
    def of_object(self) -> tuple[float, float] | None:
        """Range of one object's value, for a metric that is a mean over objects in a bounded range; None for others."""
        low, high = self.limits
        return (low, high) if self.over_objects == "mean" and math.isfinite(high - low) else None

    def at_axis(self, value: float, _: object = None) -> str:
        """Format a number at the axis of a figure, in the unit of tables."""
        return f"{value * self.factor:g}"

    def show(self, value: float) -> str:
        """Format a value as tables print it.

        >>> MetricInfo("top-1 %", "class", factor=100, digits=1).show(0.4567), MetricInfo("MRR", "rank").show(-1e-9)
        ('45.7', '0.000')
        """
        shown = f"{value * self.factor:.{self.digits}f}"
        return shown.removeprefix("-") if float(shown) == 0 else shown  # never "-0.000"

    def has_column(self, r2: str) -> bool:
        """True if leaderboards have a column for it, given the kind of R² that the protocol prints."""
        return self.column and self.r2 in ("", r2)


def name_fault(metric: str) -> str:
    """Return the reason why a text cannot name a metric, as a clause; "" for a valid name.

    >>> name_fault("floor_hue_r2"), name_fault("<b>")
    ('', "must have a name of at most 60 letters, digits and _, not '<b>'")
    """
    if metric.isascii() and metric.isidentifier() and len(metric) <= LONGEST_NAME:
        return ""
    return f"must have a name of at most {LONGEST_NAME} letters, digits and _, not {metric!r:.80}"


def info_faults(info: MetricInfo) -> Iterator[str]:
    """Find reasons why a metric with this description cannot be shown, one clause each.

    >>> list(info_faults(MetricInfo("", "mine", digits=-1)))
    ['has a title of 0 characters, not 1 to 60', 'has -1 digits, not 0 to 10']
    """
    for name, most in LONGEST.items():
        text, least = getattr(info, name), 1 if name in ("title", "about") else 0
        article = "an" if name[0] in "au" else "a"
        if not least <= len(text) <= most:
            yield f"has {article} {name} of {len(text)} characters, not {least} to {most}"
        if fault := flaw(text):
            yield f"has {article} {name} that holds {fault}"
    if not 0 < info.factor < math.inf:
        yield f"has the factor {info.factor}, not a positive number"
    if not 0 <= info.digits <= 10:
        yield f"has {info.digits} digits, not 0 to 10"
    low, high = info.limits
    if not low < high:
        yield f"has the range {info.within}, not two numbers of which the first is less"
