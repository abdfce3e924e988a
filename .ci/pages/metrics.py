"""Page of the metrics: every metric of a score as its probe describes it."""

import math

from iebench.benchmark.metrics import by_probe
from iebench.benchmark.statistics.metric_info import MetricInfo

from .markdown import code, page, plain, table

OVER = {"mean": "", "median": " (median of all samples)", "joint": " (one statistic of all samples)"}
"""Words for a metric that is no mean of the objects' values."""


def pages() -> dict[str, str]:
    """Return path -> Markdown of the page."""
    sections = [
        text
        for probe, metrics in by_probe().items()
        for text in (f"## {probe.replace('_', ' ').capitalize()}", rows(metrics))
    ]
    return {
        "reference/metrics.md": page(
            "Metrics",
            "A score has these metrics for every part of a representation, each with a 95 % interval and a floor. "
            "A dataset with further factors has more: those of a change, of explained variance and of fitted maps, "
            "by the same templates. Descriptions, sensitivity and uncertainty need `--suite full`. "
            "A metric is a mean of the objects' values unless its meaning says otherwise; "
            "titles in bold are columns of the leaderboard.",
            "```\niebench leaderboard runs/*/score.json --sort rotation_degrees_mean\n"
            "iebench leaderboard runs/*/score.json --format csv    # every metric, not only the columns\n```",
            *sections,
        )
    }


def rows(metrics: dict[str, MetricInfo]) -> str:
    """Return the table of a probe's metrics; those with a column on the leaderboard have their title in bold."""
    return table(
        ("metric", "meaning", "better, values", "floor", "ceiling"),
        [
            (
                code(name), f"{title(info)}: {plain(info.about)}{OVER[info.over_objects]}", values(info),
                plain(info.floor), plain(info.ceiling),
            )
            for name, info in metrics.items()
        ],
    )  # fmt: skip


def title(info: MetricInfo) -> str:
    """Return the title of a metric, in bold if the leaderboard has a column for it."""
    return f"**{plain(info.title)}**" if info.column else plain(info.title)


def values(info: MetricInfo) -> str:
    """Return the direction in which a metric is better, and the range of its values."""
    better = ("higher" if info.higher else "lower") if info.ranked else "neither"
    low, high = info.limits
    if math.isinf(low) or math.isinf(high):
        span = f", at most {high:g}" if math.isfinite(high) else f", at least {low:g}" if math.isfinite(low) else ""
    else:
        span = f", {low:g} to {high:g}"
    return better + span
