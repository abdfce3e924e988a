"""Page of the metrics: every metric of a score as its probe describes it."""

import math

from iebench.benchmark.metrics import by_probe
from iebench.benchmark.statistics.metric_info import MetricInfo

from .markdown import code, page, plain, table

OVER = {
    "mean": "mean of the objects' values",
    "median": "median of all samples",
    "joint": "one statistic of all samples",
}


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
            "by the same templates.",
            "```\niebench leaderboard runs/*/score.json --sort rotation_degrees_mean\n"
            "iebench leaderboard runs/*/score.json --format csv    # every metric, not only the columns\n```",
            *sections,
        )
    }


def rows(metrics: dict[str, MetricInfo]) -> str:
    """Return the table of a probe's metrics."""
    return table(
        ("metric", "title", "column", "better", "values", "over objects", "floor", "ceiling", "meaning"),
        [
            (
                code(name), plain(info.title), "yes" if info.column else "", direction(info), span(info),
                OVER[info.over_objects], plain(info.floor), plain(info.ceiling), plain(info.about),
            )
            for name, info in metrics.items()
        ],
    )  # fmt: skip


def direction(info: MetricInfo) -> str:
    """Return the direction in which a metric is better."""
    return ("higher" if info.higher else "lower") if info.ranked else "neither"


def span(info: MetricInfo) -> str:
    """Return the range of a metric's values."""
    low, high = info.limits
    if math.isinf(low) or math.isinf(high):
        return f"at most {high:g}" if math.isfinite(high) else f"at least {low:g}" if math.isfinite(low) else ""
    return f"{low:g} to {high:g}"
