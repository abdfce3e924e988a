"""Runs as a table for the screen, and the differences of two runs."""

from collections.abc import Sequence
from typing import Any

from rich import box
from rich.table import Table

from iebench.manifests.shell.tables import drawn
from iebench.manifests.text.escapes import screen as plain

from .rows import Row, metrics

COLUMNS = ("run", "method", "data", "seed", "status", "step", "loss")
METRICS = ("top1", "rotation_r2_mean")  # shown if a run has them


def screen(rows: Sequence[Row], more: Sequence[str] = ()) -> str:
    """Format for a terminal, one line per run.

    more : names of further columns
    """
    measured = [name for name in METRICS if any(name in row.values for row in rows)]
    several = ["scores"] if any(len(row.scores) > 1 for row in rows) else []
    names = list(dict.fromkeys([*COLUMNS, *measured, *several, *more]))
    table = Table(*names, box=box.SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        table.add_row(*(plain(shown(row.values.get(name))) for name in names))
    return "\n".join(line.rstrip() for line in drawn(table) if line.strip())


def compared(first: Row, second: Row) -> str:
    """Format the names of two runs and the values that differ between them; a run without a value has "–"."""
    table = Table("value", "first", "second", box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_row("run", *(plain(str(row.folder)) for row in (first, second)))
    for name in dict.fromkeys([*first.values, *second.values]):
        left, right = (row.values.get(name) for row in (first, second))
        if left != right and name != "run":
            table.add_row(name, plain(shown(left)), plain(shown(right)))
    return "\n".join(line.rstrip() for line in drawn(table) if line.strip())


def table(row: Row) -> dict[str, Any]:
    """Return a run for JSON: its values by name, its folder, and its scores with their metrics."""
    files = [
        {
            "file": path, "dataset": score.dataset.name, "protocol": score.protocol.name, "limit": score.limit,
            **metrics(score),
        }
        for path, score in row.scores.items()
    ]  # fmt: skip
    return {**row.values, "folder": row.folder, "score_files": files}


def shown(value: Any) -> str:
    """Format a value.

    >>> shown(0.123456), shown(None), shown([16, 16]), shown("sie")
    ('0.1235', '–', '[16, 16]', 'sie')
    """
    if value is None:
        return "–"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
