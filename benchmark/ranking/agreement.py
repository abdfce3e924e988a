"""Agreement of a leaderboard's order of methods with the order in a published table: Kendall's tau-b.

iebench leaderboard --published
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from iebench.manifests.brief import few
from iebench.manifests.text import escapes
from iebench.manifests.text.plain_text import cleaned

from ..errors import UnknownName, UsageError
from ..statistics.bootstrap import interval
from ..statistics.metric_info import WHOLE, MetricInfo
from .board import Board, Row
from .published import TITLES, Published, published
from .seeds import Value

Array = NDArray[np.float64]
LEAST = 3  # methods; two have an order by chance half of the time
SOURCE, TABLE = "arXiv 2505.03176", "Table 1"  # seq-JEPA: most methods in one budget, three seeds each
COLUMNS = {
    "top1": ("top1",),
    "rotation_r2": ("rotation_degrees_mean", "rotation_r2_mean", "rotation_r2_pooled"),
    "pose_r2": ("pose_degrees_mean", "pose_r2_mean", "pose_r2_pooled"),
    "mrr": ("mrr",),
}
"""Published column, in which more is better -> metrics that measure the same."""

CAPTION = (
    "Kendall's tau-b of two orders of methods: 1 if they are the same, 0 for no relation, -1 for the reverse. The "
    "interval covers val objects and training seeds here, not the published figures' own uncertainty."
)


@dataclass(frozen=True)
class Agreement:
    """Kendall's tau-b between a metric of a leaderboard and a column of a published table.

    column, source, table : column of the table of a paper; methods : compared rows of the leaderboard, best first
    skipped : rows that share a published row with another, such as two settings of one method
    tau : -1 to 1; low, high : its bootstrap interval, None if a row has no bootstrap samples
    """

    metric: str
    info: MetricInfo
    column: str
    source: str
    table: str
    methods: tuple[str, ...]
    skipped: tuple[str, ...]
    tau: float
    low: float | None
    high: float | None

    def __str__(self) -> str:
        ends = "" if self.low is None else f" [{self.low:.2f}, {self.high:.2f}]"
        skipped = f"; left out, since a published row has one counterpart: {few(self.skipped)}" if self.skipped else ""
        table = f"{TITLES[self.column]} of {self.source}, {self.table}"
        return (
            f"{self.info.title} against {table}: tau {self.tau:.2f}{ends}, "
            f"{len(self.methods)} methods ({', '.join(self.methods)}{skipped})"
        )


def tau_b(values: Array, reference: Array) -> Array:
    """Kendall's tau-b of every row with a reference: (draws, methods), (methods,) -> (draws,).

    (concordant - discordant pairs) / sqrt(pairs not tied in one x pairs not tied in the other); a row without an order,
    with all its values tied, has 0. Source: Kendall 1945, Biometrika 33(3).

    >>> tau_b(np.array([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0], [0.0, 0.0, 0.0]]), np.array([1.0, 5.0, 9.0])).tolist()
    [1.0, -1.0, 0.0]
    """
    first, second = np.array(list(combinations(range(len(reference)), 2))).T
    signs = np.sign(values[:, first] - values[:, second])
    order = np.sign(reference[first] - reference[second])
    scale = np.sqrt(np.abs(signs).sum(1) * np.abs(order).sum())
    tau: Array = np.divide(signs @ order, scale, out=np.zeros(len(values)), where=scale > 0)
    return tau


def agreement(board: Board, metric: str, column: str = "", *, source: str = SOURCE, table: str = TABLE) -> Agreement:
    """Compare the order of methods by a metric of the whole representation with a published column.

    A method is compared if the table has a row of it and of its number of views (`run` in manifests/published.csv).
    Rows with another kind of R2 than most of the table's are left out: they are of another protocol.

    column : of COLUMNS; "" for that of the metric
    source, table : paper and table, as `iebench leaderboard --published` prints them

    Raises
    ------
    UnknownName : no such table or column.
    UsageError : a metric without a published column, or fewer than three methods in common.
    """
    column = column or next((name for name, metrics in COLUMNS.items() if metric in metrics), "")
    if not column:
        raise UsageError(f"no published column measures {metric}: name one of {', '.join(COLUMNS)}")
    if column not in COLUMNS:
        raise UnknownName("published column", column, COLUMNS)
    if metric not in board.infos:
        raise UnknownName("metric", metric, board.infos)
    tables = _tables()
    if (source, table) not in tables:
        raise UnknownName("published table", f"{source}, {table}", [", ".join(key) for key in tables])
    made = _agreement(board, metric, column, source, table)
    if made is None:
        raise UsageError(
            f"{source}, {table} has {TITLES[column]} of fewer than {LEAST} methods of this leaderboard with different "
            "values: score more of its methods"
        )
    return made


def agreements(board: Board) -> list[Agreement]:
    """Compare the board with every column of every published table that has three of its methods or more."""
    pairs = [(metric, column) for column, metrics in COLUMNS.items() for metric in metrics if metric in board.columns]
    made = (_agreement(board, metric, column, *key) for key in _tables() for metric, column in pairs)
    return [entry for entry in made if entry]


def screen(board: Board) -> str:
    """Format all agreements for a terminal, one a line with the caption above; "" if there are none."""
    lines = [cleaned(str(entry)) for entry in agreements(board)]
    return "\n".join(["", "", CAPTION, *lines]) if lines else ""


def markdown(board: Board) -> str:
    """Format all agreements as a list with the caption above; "" if there are none."""
    lines = [f"- {escapes.markdown(str(entry))}" for entry in agreements(board)]
    return "\n".join(["", "", CAPTION, "", *lines]) if lines else ""


FORMATS = {"table": screen, "md": markdown}


def _agreement(board: Board, metric: str, column: str, source: str, table: str) -> Agreement | None:
    """Compare two orders; None with too few methods, or if all published values are the same."""
    reported = {row.run: float(getattr(row, column)) for row in _tables()[source, table] if getattr(row, column)}
    rows: dict[str, list[Row]] = {}
    for row in board.rows:
        if row.part == WHOLE and metric in row.cells and (key := _counterpart(row, reported)):
            rows.setdefault(key, []).append(row)
    single = {key: same[0] for key, same in rows.items() if len(same) == 1}
    if len(single) < LEAST or len({reported[key] for key in single}) == 1:
        return None
    info = board.infos[metric]
    values = [row.group.values(WHOLE)[metric] for row in single.values()]
    reference = np.array([reported[key] for key in single])
    numbers = _ordered(np.array([value.estimate.value for value in values]), info)
    low, high = _ends(values, reference, info, board.about.protocol.level)
    names = [row.name for row in single.values()]
    return Agreement(
        metric, info, column, source, table,
        methods=tuple(names[i] for i in np.argsort(-numbers, kind="stable")),
        skipped=tuple(row.name for same in rows.values() if len(same) > 1 for row in same),
        tau=float(tau_b(numbers[None], reference)[0]), low=low, high=high,
    )  # fmt: skip


def _ends(
    values: Iterable[Value], reference: Array, info: MetricInfo, level: float
) -> tuple[float, float] | tuple[None, None]:
    """Return the percentiles of tau over bootstrap samples, the same objects for all methods; None without samples."""
    draws = [value.draws for value in values]
    drawn = [each for each in draws if each is not None]
    if len(drawn) < len(draws):
        return None, None
    low, high = interval(tau_b(_ordered(np.stack(drawn, axis=1), info), reference), level).tolist()
    return low, high


def _ordered(numbers: Array, info: MetricInfo) -> Array:
    return numbers if info.higher else -numbers


def _counterpart(row: Row, reported: Mapping[str, float]) -> str:
    """Return the `run` of the published row of a row's method, "" if there is none."""
    run = next(iter(row.group.scores.values())).run
    views = run.get("settings", {}).get("views")
    names = (f"{run.get('method', '')} views={views}", str(run.get("method", "")))
    return next((name for name in names if name in reported), "")


def _tables() -> dict[tuple[str, str], list[Published]]:
    """Return the published rows of methods that iebench has, by paper and table, in one kind of R2 each."""
    tables: dict[tuple[str, str], list[Published]] = {}
    for row in published():
        if row.run:
            tables.setdefault((row.source, row.table), []).append(row)
    for key, rows in tables.items():
        kinds = [row.r2_kind for row in rows]
        tables[key] = [row for row in rows if row.r2_kind == max(kinds, key=kinds.count)]
    return tables
