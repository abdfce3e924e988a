"""The leaderboard: scores are checked to be comparable and ranked in every metric; best and tied values are marked."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property
from pathlib import Path

import numpy as np

from iebench.manifests.brief import cut, few
from iebench.manifests.common.settings import flat
from iebench.manifests.errors import suggest

from ..errors import NotComparable, ScoreFileError, UnknownName, UsageError
from ..metrics import METRICS
from ..metrics.known import info_of, unknown
from ..results.faults import absences_of
from ..results.score import Score
from ..statistics.bootstrap import Estimate
from ..statistics.metric_info import WHOLE, MetricInfo
from ..statistics.rank_intervals import RankInterval, ranks
from . import costs, origins, shifts
from .seeds import SeedGroup, Value, grouped

SHOWN = 4  # differences in a message, the protocol included


class Mark(Enum):
    """Mark of a value among the rows of its part."""

    BEST = "best"
    TIED = "tied"  # no row is better beyond chance
    NONE = ""


@dataclass(frozen=True)
class Cell:
    """A value with its mark and rank.

    info : description of the metric; rank : None if alone or without bootstrap samples; spread : see `seeds.Value`
    """

    info: MetricInfo
    estimate: Estimate
    mark: Mark
    rank: RankInterval | None
    spread: float | None


@dataclass(frozen=True)
class Row:
    """One part of one method. cells : metric -> cell; metrics that were not measured are missing."""

    group: SeedGroup
    part: str
    cells: Mapping[str, Cell]

    @property
    def name(self) -> str:
        """Name of the method."""
        return self.group.name

    @property
    def seeds(self) -> int:
        """Number of training seeds."""
        return len(self.group.scores)


@dataclass(frozen=True)
class Board:
    """A leaderboard.

    rows : sorted by the metric `sort` of the whole representation; each is followed by the method's parts
    infos : descriptions of the metrics, iebench's own first, then those that the score files describe
    metrics : metrics of any row, in the order of `infos`
    floors : metric -> score of a constant or chance predictor
    ceilings : metric -> score of an oracle, if known
    unranked : unknown metrics, with the reason
    chosen : metrics with a column, in order; () for those that have one by default
    costs : True for columns with the cost of each row; see `costs`
    """

    rows: tuple[Row, ...]
    infos: Mapping[str, MetricInfo]
    metrics: tuple[str, ...]
    floors: Mapping[str, float]
    ceilings: Mapping[str, float]
    about: Score
    sort: str
    unranked: Mapping[str, str]
    chosen: tuple[str, ...] = ()
    costs: bool = False

    @staticmethod
    def of(scores: Mapping[Path, Score], parts: bool, sort: str = "", columns: Sequence[str] = ()) -> "Board":
        """Make the leaderboard of some scores by file.

        parts : True for rows of the representation's parts too
        sort : metric to sort by, best first; "" for the first metric available
        columns : metrics with a column, in order; () for those that have one by default

        Raises
        ------
        NotComparable : different protocols, datasets or smoke limits; names two files and their differences.
        ScoreFileError : no scores.
        UnknownName, UsageError : no such metric, or no score has it.
        """
        if not scores:
            raise ScoreFileError("no score files: run `iebench score` first, or name some")
        check(scores)
        groups = grouped(scores)
        infos, unranked = _infos(scores.values())
        known = [m for m in infos if any(m in score.values[WHOLE] for score in scores.values())]
        if sort and sort not in known:
            if sort in METRICS or sort in infos:
                raise UsageError(f"no score has {sort} of its whole representation: {suggest(sort, known)}")
            raise UnknownName("metric", sort, known)
        if sort in unranked:
            raise UsageError(f"{sort} is not ranked: {unranked[sort]}")
        sort = sort or known[0]
        about = next(iter(scores.values()))
        cells = {part: _cells(groups, part, about.protocol.level, infos) for part in _parts(groups, parts)}
        order = sorted(range(len(groups)), key=lambda i: _sort_key(cells[WHOLE][i].get(sort)))
        rows = tuple(Row(groups[i], part, cells[part][i]) for i in order for part in cells if cells[part][i])
        metrics = tuple(metric for metric in infos if any(metric in row.cells for row in rows))
        floors = {m: next(row.cells[m].estimate.floor for row in rows if m in row.cells) for m in metrics}
        tops = {m: row.cells[m].estimate.ceiling for row in rows for m in row.cells}
        ceilings = {metric: top for metric, top in tops.items() if top is not None}
        for metric in columns:
            if metric not in metrics:
                raise UnknownName("metric", metric, metrics)
        return Board(rows, infos, metrics, floors, ceilings, about, sort, unranked, tuple(columns))

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Return the metrics that have a column; by default, of each R2 the kind that the protocol prints."""
        return self.chosen or tuple(
            metric for metric in self.metrics if self.infos[metric].has_column(self.about.protocol.r2)
        )

    @property
    def has_parts(self) -> bool:
        """True if a row is of a part."""
        return any(row.part != WHOLE for row in self.rows)

    @property
    def has_ranks(self) -> bool:
        """True if a row has a rank in the metric `sort`."""
        return any(row.cells[self.sort].rank for row in self.rows if self.sort in row.cells)

    @property
    def caption(self) -> str:
        """Dataset and protocol of the numbers, in one line."""
        data, shift = self.about.dataset, self.about.shift
        probed = ""
        if shift is not None:
            paired = "paired over the same val objects" if shift.paired else "of other val objects"
            probed = f"SHIFT: probes trained on {shift.dataset.name}, measured on {data.name}, {paired}; "
        smoke = f"SMOKE RUN, at most {self.about.limit} objects a split; " if self.about.limit else ""
        return (
            f"{smoke}{probed}dataset {data.name} ({data.train_objects} train and {data.val_objects} val objects x "
            f"{data.views} views), protocol {self.about.protocol.name} ({self.about.protocol_id})"
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """Facts that limit the meaning of columns and rows, one sentence each; that of rows begins with their names.

        With chosen columns, notes on the metrics of other columns are left out.
        """
        reasons = dict.fromkeys(self.unranked.values())
        columns = [f"{few(m for m in self.unranked if self.unranked[m] == r)}: not ranked, since {r}" for r in reasons]
        scores = [score for row in self.rows if row.part == WHOLE for score in row.group.scores.values()]
        names: dict[str, dict[str, None]] = {}
        for score in scores:
            for note in (*score.notes, *_unpaired(score)):
                about = note.split(" ", 1)[0]
                if about not in self.infos or about in (self.chosen or self.infos):
                    names.setdefault(note, {})[score.name] = None
        everyone = {score.name for score in scores}
        shared = {note: len(everyone) > 1 and named.keys() == everyone for note, named in names.items()}
        rows = [f"{'every run' if shared[note] else few(named)}: {note}" for note, named in names.items()]
        return (*columns, *rows)

    @property
    def legend(self) -> str:
        """Explanation of the marks, in one line."""
        level = f"{self.about.protocol.level:.0%}"
        seeds = ""
        if any(row.seeds > 1 for row in self.rows):
            seeds = "; ±: standard deviation over training seeds, which the interval covers too"
        marks = origins.legend(score for row in self.rows for score in row.group.scores.values())
        ranked = f"; rank: {level} interval of ranks by {self.infos[self.sort].title}" if self.has_ranks else ""
        return (
            f"[low, high]: {level} interval over val objects{seeds}; *: best of its column; ≈: none is better beyond "
            f"chance, by paired bootstrap{ranked}; floor: a constant or random prediction"
            + ("; ceiling: the best possible prediction, given the objects' symmetries" if self.ceilings else "")
            + (f"; {costs.LEGEND}" if self.costs else "")
            + (f"; Δ: {shifts.LEGEND}" if self.about.shift else "")
            + (f"; {marks}" if marks else "")
        )


def _infos(scores: Collection[Score]) -> tuple[dict[str, MetricInfo], dict[str, str]]:
    """Return the descriptions of the scores' metrics, and the reasons why some of them are not ranked."""
    declared = {name: info for score in scores for name, info in score.metrics.items()}
    metrics = {metric for score in scores for measured in score.values.values() for metric in measured}
    ordered = [metric for metric in [*METRICS, *declared, *sorted(metrics)] if metric in metrics]
    infos = {metric: info_of(metric, declared) for metric in ordered}
    unranked = {metric: reason for metric in infos if (reason := unknown(metric, declared))}
    for metric in unranked:
        infos[metric] = replace(infos[metric], title=f"{infos[metric].title} (unknown)", ranked=False)
    return infos, unranked


def _unpaired(score: Score) -> list[str]:
    """Describe why a score prevents ranks and marks in its columns, as a note; [] for most scores."""
    first, *others = absences_of(score) or [""]
    more = f" (and {len(others)} more of the kind)" if others else ""
    return [f"{first}{more}, so no row is ranked there: `iebench validate` says more"] if first else []


def _parts(groups: Sequence[SeedGroup], all_parts: bool) -> list[str]:
    parts = {part: None for group in groups for score in group.scores.values() for part in score.values}
    return [part for part in parts if all_parts or part == WHOLE]


def _sort_key(cell: Cell | None) -> float:
    """Return the sort key of a row: smaller is better; rows without the metric come last."""
    return float("inf") if cell is None else _ordered(cell.estimate.value, cell.info)


def _ordered(value: float, info: MetricInfo) -> float:
    """Return a number that is smaller for a better value."""
    return -value if info.higher else value


def _cells(
    groups: Sequence[SeedGroup], part: str, level: float, infos: Mapping[str, MetricInfo]
) -> list[dict[str, Cell]]:
    """Make the cells of one part of every group, ranked against each other."""
    rows = [group.values(part) if _has(group, part) else {} for group in groups]
    cells: list[dict[str, Cell]] = [{} for _ in rows]
    for metric in dict.fromkeys(metric for row in rows for metric in row):
        column = {i: row[metric] for i, row in enumerate(rows) if metric in row}
        info = infos[metric]
        compared = len(column) > 1 and info.ranked
        standing = _ranked(column, info, level) if compared else {}
        best = min(_ordered(value.estimate.value, info) for value in column.values())
        for i, value in column.items():
            rank = standing.get(i)
            mark = Mark.TIED if rank and rank.low == 1 else Mark.NONE
            if compared and _ordered(value.estimate.value, info) == best:
                mark = Mark.BEST
            cells[i][metric] = Cell(info, value.estimate, mark, rank, value.spread)
    return cells


def _has(group: SeedGroup, part: str) -> bool:
    return all(part in score.values for score in group.scores.values())


def _ranked(values: Mapping[int, Value], info: MetricInfo, level: float) -> dict[int, RankInterval]:
    """Rank the rows with bootstrap samples; {} for a single row, or if a row has no samples."""
    drawn = {i: value.draws for i, value in values.items() if value.draws is not None}
    if len(drawn) < len(values):
        return {}
    numbers = np.array([values[i].estimate.value for i in drawn])
    objects = min(value.estimate.objects for value in values.values())
    intervals = ranks(numbers, np.stack(list(drawn.values())), level, info.higher, objects, info.of_object)
    return dict(zip(drawn, intervals, strict=True))


def check(scores: Mapping[Path, Score]) -> None:
    """Check that scores are comparable.

    Raises
    ------
    NotComparable : they are not.
    """
    (path, first), *others = scores.items()
    for other, score in others:
        differing = [
            f"{subject} {cut(str(a), 50)} against {cut(str(b), 50)}"
            for subject, a, b in (
                ("protocol", _called(first), _called(score)),
                ("dataset fingerprint", first.dataset.fingerprint[:12], score.dataset.fingerprint[:12]),
                ("objects", _counts(first), _counts(score)),
                ("probes' dataset", _probed(first), _probed(score)),
                ("smoke limit", first.limit, score.limit),
                ("val pairs", _pairs(first), _pairs(score)),
                ("bootstrap samples", first.resamples.digest[:12], score.resamples.digest[:12]),
                *_protocol_entries(first, score),
                *_meanings(first, score),
            )
            if a != b
        ]
        if differing:
            raise NotComparable(
                f"{path} and {other} do not belong in one table ({few(differing, SHOWN, '; ')}): score them alike, or "
                "name only files that agree"
            )


def _counts(score: Score) -> str:
    data = score.dataset
    return f"{data.train_objects} train and {data.val_objects} val x {data.views} views"


def _probed(score: Score) -> str:
    return score.shift.dataset.fingerprint[:12] if score.shift else "the same"


def _called(score: Score) -> str:
    return f"{score.protocol.name} ({score.protocol_id})"


def _pairs(score: Score) -> str:
    """Return the digest of the val pairs if the protocol fixes them, else "not fixed"."""
    return score.pairs.get("val", "")[:12] if score.protocol.pairs == "fixed" else "not fixed"


def _protocol_entries(first: Score, second: Score) -> list[tuple[str, object, object]]:
    a, b = flat(first.protocol.as_dict()), flat(second.protocol.as_dict())
    return [(f"protocol's {key}", a.get(key), b.get(key)) for key in sorted(a.keys() | b.keys() - {"name"})]


def _meanings(first: Score, second: Score) -> list[tuple[str, object, object]]:
    """List the entries of those metric declarations of other packages that both scores have."""
    return [
        (f"metric {metric}'s {key}", value, vars(second.metrics[metric])[key])
        for metric in sorted(first.metrics.keys() & second.metrics.keys())
        for key, value in vars(first.metrics[metric]).items()
        if key != "package"  # which older score files do not name
    ]
