"""Results reported by papers and their repositories; shown separately, never ranked with measured results."""

import csv
import io
from dataclasses import dataclass
from importlib.resources import files

from rich import box
from rich.table import Table

from iebench.manifests.shell.tables import drawn
from iebench.manifests.text import escapes

CAPTION = (
    "Reported elsewhere, each under its source's own protocol, data and budget, without intervals: not comparable with "
    "the rows above, nor across sources. A constant prediction has a pooled R² of 0.23 for rotation and a mean R² of 0."
)


@dataclass(frozen=True)
class Published:
    """A reported row; numbers are text with the printed digits, "" if there is none.

    conditioning : the transformation that training is conditioned on; source, table : paper, and its table
    top1 : percent; rotation_r2, pose_r2, colour_r2 : relative rotation, absolute pose, hue differences
    r2_kind : "pooled" over components, "mean" of them, or "unclear"
    resolution : pixels; batch, epochs, seeds : the budget of training
    run : the same method here, as `iebench train` names it, with "views=K" if the paper has several rows; "" for none
    """

    method: str
    conditioning: str
    dataset: str
    source: str
    table: str
    top1: str
    rotation_r2: str
    pose_r2: str
    colour_r2: str
    r2_kind: str
    mrr: str
    h1: str
    h5: str
    resolution: str
    batch: str
    epochs: str
    seeds: str
    note: str
    run: str


TITLES = {
    "method": "method", "conditioning": "conditioned on", "dataset": "dataset", "top1": "top-1 %",
    "rotation_r2": "rotation R²", "pose_r2": "pose R²", "colour_r2": "colour R²", "r2_kind": "R² kind", "mrr": "MRR",
    "h1": "H@1", "resolution": "pixels", "batch": "batch", "epochs": "epochs", "seeds": "seeds", "source": "source",
    "table": "table", "note": "note",
}  # fmt: skip
"""Column -> header; H@5 is in the file only."""


def published() -> list[Published]:
    """Read all reported rows, in the order of manifests/published.csv."""
    text = (files("iebench.manifests") / "published.csv").read_text(encoding="utf-8")
    return [Published(**row) for row in csv.DictReader(io.StringIO(text))]


def cells() -> list[list[str]]:
    """Return the rows as tables show them, in the columns of TITLES."""
    return [[getattr(row, column) or "–" for column in TITLES] for row in published()]


def screen() -> str:
    """Format the rows for a terminal."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for title in TITLES.values():
        table.add_column(title, no_wrap=True)
    for row in cells():
        table.add_row(*map(escapes.screen, row))
    return "\n".join([*(line.rstrip() for line in drawn(table, colour=False) if line.strip()), "", CAPTION])


def markdown() -> str:
    """Format the rows as a GitHub table."""
    body = [[escapes.markdown(cell) for cell in row] for row in cells()]
    lines = [list(TITLES.values()), ["---"] * len(TITLES), *body]
    return "\n".join([*map(escapes.markdown_row, lines), "", CAPTION])


FORMATS = {"table": screen, "md": markdown}
