"""Figures of a report as files, for a README or a paper."""

from collections.abc import Mapping
from pathlib import Path

from iebench.manifests.common.files import write_atomic
from iebench.manifests.pages.figures import page_svg, styled

from ..errors import UsageError
from ..ranking.board import Board
from ..results.score import Score
from . import matching
from .pictures import Pictures
from .retrievals import retrievals
from .tradeoff import tradeoff

TRADEOFF, RETRIEVALS = "tradeoff.svg", "retrieval.svg"


def write(folder: Path, scores: Mapping[Path, Score], data: Path | None) -> list[Path]:
    """Write the figures of some scores to a folder; returns their files.

    Raises
    ------
    UsageError : the dataset is unknown, or no score has what a figure shows.
    NotComparable, DatasetError : see `report.report`.
    DiskError : the folder cannot be written.
    """
    if data is None:
        raise UsageError("the figure of retrievals shows views of the dataset: name it with --data")
    board = Board.of(scores, parts=True)
    pictures = Pictures.of(data, matching(board, data), board.about.protocol, board.about.limit)
    drawn = {TRADEOFF: tradeoff(board), RETRIEVALS: retrievals(board, pictures)}
    for name, picture in drawn.items():
        with styled():
            write_atomic(folder / name, page_svg(picture))
    return [folder / name for name in drawn]
