"""Page of the metrics: every metric of a score with its title, meaning, direction and range."""

from iebench.benchmark.statistics.metric_info import METRICS, MetricInfo

from .markdown import code, page, plain, table


def pages() -> dict[str, str]:
    """Return path -> Markdown of the page."""
    columns = {name: info for name, info in METRICS.items() if info.column}
    others = {name: info for name, info in METRICS.items() if not info.column}
    return {
        "reference/metrics.md": page(
            "Metrics",
            "A score has these metrics for every part of a representation, each with a 95 % interval and a floor.",
            "```\niebench leaderboard runs/*/score.json --sort rotation_degrees_mean\n"
            "iebench leaderboard runs/*/score.json --format csv    # every metric, not only the columns\n```",
            "## Columns of the leaderboard",
            rows(columns),
            "## Other metrics",
            rows(others),
        )
    }


def rows(metrics: dict[str, MetricInfo]) -> str:
    """Return the table of some metrics."""
    return table(
        ("metric", "title", "better", "range of an object's value", "meaning"),
        [
            (code(name), plain(info.title), direction(info), span(info), plain(info.about))
            for name, info in metrics.items()
        ],
    )


def direction(info: MetricInfo) -> str:
    """Return the direction in which a metric is better."""
    return ("higher" if info.higher else "lower") if info.ranked else "neither"


def span(info: MetricInfo) -> str:
    """Return the range of a metric that is a mean over objects."""
    return "" if info.within is None else f"{info.within[0]:g} to {info.within[1]:g}"
