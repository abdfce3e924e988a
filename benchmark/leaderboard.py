"""Scores side by side: checked to be comparable, sorted, best and tied values marked."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from .bootstrap import Measured
from .errors import NotComparable, ScoreFileError
from .measures import MEASURES, WHOLE
from .results import Score

Entry = tuple[str, str, Mapping[str, Measured]]
"""Name, part, metric -> measured."""


class Mark(Enum):
    """A value's standing among the rows of its part."""

    BEST = "best"
    TIED = "tied"  # its interval overlaps the best's
    NONE = ""


@dataclass(frozen=True)
class Cell:
    """One value with its standing."""

    measured: Measured
    mark: Mark


@dataclass(frozen=True)
class Row:
    """One part of one encoder. cells : metric -> cell; a metric that was not measured is missing."""

    name: str
    part: str
    cells: Mapping[str, Cell]


@dataclass(frozen=True)
class Board:
    """A leaderboard.

    rows : sorted by the whole representation's first metric; an encoder's parts follow it
    metrics : those that any row has, in the order of MEASURES
    floors : metric -> what a constant or chance predictor gets
    """

    rows: tuple[Row, ...]
    metrics: tuple[str, ...]
    floors: Mapping[str, float]
    about: Score

    @staticmethod
    def of(scores: Mapping[Path, Score], parts: bool) -> "Board":
        """The board of some scores by file.

        parts : also rows of the representation's parts

        Raises
        ------
        NotComparable : different protocols, datasets or smoke limits; names two files and what differs.
        ScoreFileError : no scores.
        """
        if not scores:
            raise ScoreFileError("no score files: run `iebench score` first, or name some")
        check(scores)
        first = next(iter(MEASURES))
        ordered = sorted(_named(scores), key=lambda pair: -pair[1].values[WHOLE][first].value)
        chosen: list[Entry] = [
            (name, part, s.values[part]) for name, s in ordered for part in s.values if parts or part == WHOLE
        ]
        metrics = tuple(metric for metric in MEASURES if any(metric in values for _, _, values in chosen))
        rows = tuple(
            Row(name, part, {m: Cell(v, _standing(m, v, _rivals(chosen, part, m))) for m, v in values.items()})
            for name, part, values in chosen
        )
        floors = {m: next(v[m].floor for _, _, v in chosen if m in v) for m in metrics}
        return Board(rows, metrics, floors, ordered[0][1])

    @property
    def columns(self) -> tuple[str, ...]:
        """The metrics that have a column."""
        return tuple(metric for metric in self.metrics if MEASURES[metric].column)

    @property
    def has_parts(self) -> bool:
        """Whether any row is of a part."""
        return any(row.part != WHOLE for row in self.rows)

    @property
    def caption(self) -> str:
        """What the numbers rest on, in one line."""
        data = self.about.dataset
        smoke = f"SMOKE RUN, at most {self.about.limit} objects a split; " if self.about.limit else ""
        return (
            f"{smoke}dataset {data.name} ({data.train_objects} train and {data.val_objects} val objects x {data.views} "
            f"views), protocol {self.about.protocol.name} ({self.about.protocol_id})"
        )

    @property
    def legend(self) -> str:
        """How to read the marks, in one line."""
        level = f"{self.about.protocol.level:.0%}"
        return (
            f"[low, high]: {level} interval over val objects; *: best of its column; ≈: its interval overlaps the "
            "best's; floor: a constant or chance answer"
        )


def check(scores: Mapping[Path, Score]) -> None:
    """See that scores may share a table.

    Raises
    ------
    NotComparable : they may not.
    """
    (path, first), *others = scores.items()
    for other, score in others:
        differing = [
            f"{what} {a} against {b}"
            for what, a, b in (
                ("dataset fingerprint", first.dataset.fingerprint[:12], score.dataset.fingerprint[:12]),
                ("smoke limit", first.limit, score.limit),
                *_protocol_entries(first, score),
            )
            if a != b
        ]
        if differing:
            raise NotComparable(
                f"{path} and {other} do not belong in one table ({'; '.join(differing)}): score them alike, or name "
                "only files that agree"
            )


def _protocol_entries(first: Score, second: Score) -> list[tuple[str, object, object]]:
    a, b = flat(first.protocol.as_dict()), flat(second.protocol.as_dict())
    return [(f"protocol's {key}", a.get(key), b.get(key)) for key in sorted(a.keys() | b.keys())]


def flat(table: Mapping[str, Any], prefix: str = "") -> dict[str, object]:
    """Nested tables as one, with dotted keys.

    >>> flat({"rotation": {"epochs": 3}, "draws": 5})
    {'rotation.epochs': 3, 'draws': 5}
    """
    entries: dict[str, object] = {}
    for key, value in table.items():
        entries |= flat(value, f"{prefix}{key}.") if isinstance(value, Mapping) else {prefix + key: value}
    return entries


def _named(scores: Mapping[Path, Score]) -> list[tuple[str, Score]]:
    """Scores with names; those that share one are told apart by their files."""
    names = [score.name for score in scores.values()]
    return [
        (score.name if names.count(score.name) == 1 else f"{score.name} ({path})", score)
        for path, score in scores.items()
    ]


def _rivals(entries: list[Entry], part: str, metric: str) -> list[Measured]:
    return [values[metric] for _, other, values in entries if other == part and metric in values]


def _standing(metric: str, measured: Measured, rivals: list[Measured]) -> Mark:
    """A value's mark among the rows of its part, itself included; alone it has none."""
    if len(rivals) < 2:
        return Mark.NONE
    sign = 1 if MEASURES[metric].higher else -1
    best = max(rivals, key=lambda rival: sign * rival.value)
    if measured.value == best.value:
        return Mark.BEST
    return Mark.TIED if measured.low <= best.high and best.low <= measured.high else Mark.NONE
