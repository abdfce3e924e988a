"""Picture of a comparison: both encoders together, each with the factors, and heads of one on the other."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from iebench.manifests.pages.figures import Picture, png, styled

from ..statistics.bootstrap import Estimate
from .compare import Comparison
from .measures import SIMILARITY, STITCHING

COLOURS = ("#2b7bd1", "#d9652b")
FLOOR = "#9aa0a6"


def draw(comparison: Comparison) -> bytes:
    """Draw a PNG of three panels; lines are intervals, grey strokes are floors."""
    factors = list(dict.fromkeys(name for side in comparison.agreement for name in side))
    heads = list(comparison.stitching[0][0])
    with styled():
        figure = Picture(figsize=(13, 1.6 + 0.42 * max(len(SIMILARITY), len(factors), 5)), layout="constrained")
        axes = figure.subplots(1, 2 + len(heads), width_ratios=(5, 5, *(3 for _ in heads)))
        _similarity(axes[0], comparison)
        _agreement(axes[1], comparison, factors)
        for number, head in enumerate(heads):
            _stitching(axes[2 + number], comparison, head, labelled=number == 0)
        smoke = ", SMOKE RUN" if comparison.limit else ""
        figure.suptitle(f"{comparison.names[0]} and {comparison.names[1]} on {comparison.dataset}{smoke}", fontsize=11)
        return png(figure)


def _similarity(axes: Axes, comparison: Comparison) -> None:
    """Draw the measures of both, on a scale from no similarity (0) to equality (1)."""
    scaled = {}
    for name, entry in comparison.similarity.items():
        numbers = (entry.value, entry.low, entry.high, entry.floor)
        scaled[name] = [1 - x / 90 for x in numbers] if name == "procrustes_degrees" else list(numbers)
    _intervals(axes, list(scaled.values()), 0.0, "#3c4045")
    labels = [SIMILARITY[name].title for name in scaled]
    _rows(axes, [label.replace("angle, °", "1 - angle / 90°") for label in labels], "both encoders; 1: equal")
    axes.set_xlim(min(-0.05, *(row[1] - 0.05 for row in scaled.values())), 1.05)


def _agreement(axes: Axes, comparison: Comparison, factors: list[str]) -> None:
    """Draw the rank correlation of each encoder's distances with each factor."""
    for number, (name, side) in enumerate(zip(comparison.names, comparison.agreement, strict=True)):
        rows = [_numbers(side[factor]["rank"]) if factor in side else [np.nan] * 4 for factor in factors]
        _intervals(axes, rows, 0.12 * (2 * number - 1), COLOURS[number], name)
    _rows(axes, [factor.replace("_", " ") for factor in factors], "rank correlation with distances")
    axes.legend(frameon=False, fontsize=8)


def _stitching(axes: Axes, comparison: Comparison, head: str, labelled: bool) -> None:
    """Draw a head's value for each encoder that it is trained on and used on."""
    info = STITCHING[head]
    values = np.array([[line[head].value for line in row] for row in comparison.stitching])
    shown: Any = values if info.higher else -values
    axes.imshow(
        shown, cmap="Blues", vmin=shown.min() - np.ptp(shown) - 1e-9, vmax=shown.max() + 2 * np.ptp(shown) + 1e-9
    )
    for (i, j), value in np.ndenumerate(values):
        entry = comparison.stitching[i][j][head]
        text = f"{info.show(float(value))}\n[{info.show(entry.low)}, {info.show(entry.high)}]"
        axes.text(j, i, text, ha="center", va="center", fontsize=8)
    axes.set_xticks(range(2), [_short(name) for name in comparison.names])
    axes.set_yticks(range(2), [_short(name) if labelled else "" for name in comparison.names])
    if labelled:
        axes.set_ylabel("head trained on")
    axes.set_xlabel("used on")
    floor = info.show(comparison.stitching[0][0][head].floor)
    axes.set_title(f"{info.title}\nfloor {floor}", fontsize=9)


def _numbers(entry: Estimate) -> list[float]:
    return [entry.value, entry.low, entry.high, entry.floor]


def _intervals(axes: Axes, rows: list[list[float]], shift: float, colour: str, label: str = "") -> None:
    """Draw values with intervals and floors, a row each: [value, low, high, floor]."""
    at = np.arange(len(rows)) + shift
    values, low, high, floor = np.array(rows, np.float64).T
    axes.hlines(at, low, high, color=colour, linewidth=1.5)
    axes.plot(values, at, "o", color=colour, markersize=4.5, label=label or None)
    axes.plot(floor, at, "|", color=FLOOR, markersize=10)


def _rows(axes: Axes, labels: list[str], title: str) -> None:
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.axvline(0, color=FLOOR, linewidth=0.6)
    axes.set_xlabel(title)
    axes.spines[["top", "right"]].set_visible(False)


def _short(name: str) -> str:
    return name if len(name) <= 14 else f"{name[:13]}…"
