"""A score as an HTML table, for notebooks; it has no script and no style outside itself."""

from collections.abc import Iterable, Mapping

from iebench.manifests.text.escapes import html

from ..metrics import METRICS
from ..metrics.known import info_of
from ..statistics.bootstrap import Estimate
from ..statistics.metric_info import MetricInfo

LEFT, RIGHT = ' style="text-align: left"', ' style="text-align: right; white-space: nowrap"'
SMALL = ' style="opacity: 0.65; font-size: 85%"'
TITLES = ("metric", "value", "interval", "floor", "ceiling")


def as_html(
    caption: str, values: Mapping[str, Estimate], declared: Mapping[str, MetricInfo], r2: str, notes: Iterable[str]
) -> str:
    """Format as a <div> with a row for each metric that a leaderboard has a column for.

    declared : descriptions of the metrics that are not iebench's own; r2 : kind of R² that the protocol prints
    """
    infos = {metric: info_of(metric, declared) for metric in [*METRICS, *declared] if metric in values}
    rows = [_row(info, values[metric]) for metric, info in infos.items() if info.has_column(r2)]
    head = "".join(f"<th{LEFT if title == TITLES[0] else RIGHT}>{title}</th>" for title in TITLES)
    return "\n".join(
        [
            '<div style="overflow-x: auto">', "<table>", f"<thead><tr>{head}</tr></thead>", "<tbody>", *rows,
            "</tbody>", "</table>", *(f"<p{SMALL}>{html(text)}</p>" for text in (caption, *notes)), "</div>",
        ]
    )  # fmt: skip


def _row(info: MetricInfo, entry: Estimate) -> str:
    cells = [
        info.show(entry.value), f"[{info.show(entry.low)}, {info.show(entry.high)}]", info.show(entry.floor),
        "–" if entry.ceiling is None else info.show(entry.ceiling),
    ]  # fmt: skip
    first = f'<td title="{html(info.about)}"{LEFT}>{html(info.title)}</td>'
    return f"<tr>{first}{''.join(f'<td{RIGHT}>{cell}</td>' for cell in cells)}</tr>"
