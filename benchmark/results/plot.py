"""Picture of a score: R² of every factor between floor and ceiling, and the curves of an orbit."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from iebench.manifests.pages.figures import INK, Picture, styled

from ..errors import RunError
from ..metrics import METRICS
from ..metrics.known import info_of
from ..statistics.bootstrap import Estimate
from ..statistics.metric_info import WHOLE, MetricInfo
from .orbits import CURVES, NAME, read

ROW = 0.3  # inches for each metric, and a third of that more for each further part
FLOOR = "#9aa0a6"
LEAST = -0.5  # R² that the axis shows; values below are written at its edge


Values = Mapping[str, Mapping[str, Estimate]]


def figure(
    values: Values, rows: Mapping[str, MetricInfo], level: float, title: str, orbits: Mapping[str, Any] | None
) -> Picture:
    """Draw the profile of a score, and the curves of an orbit beside it if there are any.

    values : part -> metric -> estimate; rows : the metrics to draw, see `profile`
    level : of the intervals; orbits : content of the encoder's orbits.json
    """
    height = 1.7 + ROW * len(rows) * (1 + (len(values) - 1) / 3)
    with styled():
        if orbits is None:
            picture = Picture(figsize=(7.5, height), layout="constrained")
            left = picture.add_subplot()
        else:
            picture = Picture(figsize=(12, max(height, 6.0)), layout="constrained")
            grid = picture.add_gridspec(len(CURVES), 2, width_ratios=(7, 5))
            left = picture.add_subplot(grid[:, 0])
            right = [picture.add_subplot(grid[number, 1]) for number in range(len(CURVES))]
            for axes, curve in zip(right, CURVES, strict=True):
                draw_curve(axes, orbits, curve)
                axes.tick_params(labelbottom=axes is right[-1])
            right[-1].set_xlabel(f"{orbits['factor']}, {orbits['unit']}")
        draw_profile(left, values, rows, level)
        picture.legend(
            handles=legend(list(values), orbits is not None),
            loc="outside lower center",
            ncols=6,
            frameon=False,
            fontsize=8,
        )
        picture.suptitle(title)
    return picture


def profile(values: Values, declared: Mapping[str, MetricInfo], r2: str) -> dict[str, MetricInfo]:
    """Return the metrics of a score that are an R², in the order of tables.

    declared : descriptions in the score file; r2 : kind of R² that the protocol prints
    """
    measured = {metric for metrics in values.values() for metric in metrics}
    infos = {metric: info_of(metric, declared) for metric in [*METRICS, *declared] if metric in measured}
    return {
        name: info
        for name, info in infos.items()
        if info.within == (None, 1.0) and info.ranked and info.r2 in ("", r2)  # shares are in that range, not ranked
    }


def orbits_of(name: str, weights: str, folder: Path | None) -> dict[str, Any] | None:
    """Return the content of the orbits.json of an encoder; None if there is none and no folder was given.

    name, weights : name and SHA-256 of the weights; folder : None for runs/NAME, if its orbits are of these weights

    Raises
    ------
    RunError : the given folder has no orbits or orbits of other weights; or the file is damaged.
    """
    home = Path("runs") / name if folder is None else folder
    orbits = read(home)
    if orbits is not None and orbits["weights"] == weights:
        return orbits
    if folder is None:
        return None
    fault = f"holds no {NAME}" if orbits is None else f"has orbits of other weights than the score of {name}"
    raise RunError(f"{home} {fault}: run `iebench orbits --run {home}`, or give another folder")


def draw_profile(axes: Axes, values: Values, rows: Mapping[str, MetricInfo], level: float) -> None:
    """Draw a row for each metric: a value with its interval for each part, the floor and the ceiling as ticks."""
    parts = list(values)
    step = 0.66 / len(parts)
    for y, metric in enumerate(rows):
        entries = {part: metrics[metric] for part, metrics in values.items() if metric in metrics}
        for part, entry in entries.items():
            number = parts.index(part)
            draw_value(axes, entry, y + (number - (len(parts) - 1) / 2) * step, f"C{number}")
        ends = entries.get(WHOLE) or next(iter(entries.values()))
        for value, color in ((ends.floor, FLOOR), (ends.ceiling, INK)):
            if value is not None and value >= LEAST:
                axes.plot([value] * 2, [y - 0.42, y + 0.42], color=color, linewidth=2, solid_capstyle="butt", zorder=1)
        if WHOLE in entries:
            text = rows[metric].show(entries[WHOLE].value)
            axes.text(1.02, y, text, transform=axes.get_yaxis_transform(), va="center", color="C0")
    axes.set_yticks(range(len(rows)), [info.title for info in rows.values()])
    axes.set_ylim(len(rows) - 0.5, -0.5)
    shown = [end for metrics in values.values() for name in rows if name in metrics for end in ends_of(metrics[name])]
    axes.set_xlim(max(LEAST, min(-0.05, *shown)) - 0.03, 1.03)
    axes.set_xlabel(f"R² with its {level:.0%} interval")
    axes.grid(axis="x", alpha=0.3)
    axes.tick_params(axis="y", length=0)
    axes.spines[["top", "right", "left"]].set_visible(False)


def legend(parts: Sequence[str], curves: bool) -> list[Line2D]:
    """Return the marks of a profile with their labels, and that of the worst object if there are curves."""
    dots = [Line2D([], [], color=f"C{number}", marker="o", label=part) for number, part in enumerate(parts)]
    ends = ((FLOOR, "floor: no knowledge"), (INK, "ceiling: an oracle"))
    ticks = [
        Line2D([], [], color=color, marker="|", markersize=10, markeredgewidth=2, linestyle="", label=label)
        for color, label in ends
    ]
    worst = [Line2D([], [], color="C0", linestyle="--", linewidth=1, label="worst object")] if curves else []
    return [*dots, *ticks, *worst]


def ends_of(entry: Estimate) -> tuple[float, float]:
    """Return the least numbers of an entry, which the axis has to show."""
    return entry.low, entry.floor


def draw_value(axes: Axes, entry: Estimate, y: float, color: str) -> None:
    """Draw a value as a dot on the line of its interval; a value left of the axis is written at its edge."""
    if entry.value < LEAST:
        axes.text(LEAST, y, f"◂ {entry.value:.2f}", va="center", color=color, fontsize=8)
        return
    axes.plot([max(entry.low, LEAST), entry.high], [y, y], color=color, linewidth=1.5, zorder=2)
    axes.plot(entry.value, y, "o", color=color, markersize=5, zorder=3)


def draw_curve(axes: Axes, orbits: Mapping[str, Any], curve: str) -> None:
    """Draw a curve of an orbit for each part: mean with its interval, and the worst object where that says anything."""
    places = orbits["places"]
    for number, (part, curves) in enumerate(orbits["parts"].items()):
        line, color = curves[curve], f"C{number}"
        axes.plot(places, line["mean"], color=color, label=part)
        axes.fill_between(places, line["low"], line["high"], color=color, alpha=0.25, linewidth=0)
        if part == WHOLE and curve != "class_error":  # its worst object is wrong almost everywhere
            axes.plot(places, line["worst"], color=color, linestyle="--", linewidth=1, label="worst object")
    axes.set_title(CURVES[curve], fontsize=10)
