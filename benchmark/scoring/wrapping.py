"""Scores of wrapped encoders beside those of the encoders alone, on the same objects: the changes by a wrapper.

iebench score --run runs/sie-mini-s0 --wrap c4
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from rich import box
from rich.table import Table
from torch import Tensor

from iebench.manifests.dataset import DatasetInfo
from iebench.manifests.shell.tables import drawn
from iebench.manifests.text.escapes import screen

from ..data.images import Images
from ..data.rows import spread
from ..distributed.ranks import Ranks
from ..encoders.prepared import Precision
from ..encoders.registry import LoadedEncoder
from ..encoders.wrappers.wrap import wrap
from ..errors import ScoreFileError
from ..features.cache import to_float
from ..metrics.known import info_of
from ..protocol import Protocol
from ..results.reading import load_score
from ..results.score import Score
from ..statistics.bootstrap import interval
from ..statistics.metric_info import WHOLE, MetricInfo
from .score import encode_splits, score
from .subject import Subject, of_encoder

SIDE = 64  # pixels of train pictures for a wrapper that learns from them, at most
CPU = torch.device("cpu")


@dataclass(frozen=True)
class Change:
    """Difference of a metric: wrapped minus alone, with the interval over the same bootstrap samples of objects."""

    metric: str
    info: MetricInfo
    alone: float
    wrapped: float
    low: float
    high: float

    def as_dict(self) -> dict[str, str | float]:
        """Return metric, both values and the interval of the difference, for JSON."""
        return {name: getattr(self, name) for name in ("metric", "alone", "wrapped", "low", "high")}

    @property
    def texts(self) -> tuple[str, str, str]:
        """Return both values, and the difference with its interval, as tables print them."""
        ends = (self.wrapped - self.alone, self.low, self.high)
        moved, low, high = (f"{end * self.info.factor:+.{self.info.digits}f}" for end in ends)
        return self.info.show(self.alone), self.info.show(self.wrapped), f"{moved} [{low}, {high}]"


def wrapped(
    loaded: LoadedEncoder, spec: str, alone: Subject, device: torch.device, precision: Precision = "float32",
    trust: bool = False,
) -> Subject:  # fmt: skip
    """Prepare an encoder behind a wrapper for the dataset of the encoder alone.

    Raises
    ------
    UnknownName, EncoderError : see `wrap` and `prepare`.
    """
    inside = wrap(loaded, spec, _pictures(alone.data, loaded), trust)
    return of_encoder(inside, alone.data, device, alone.encoder.resolution, precision)


def _pictures(data: Path, encoder: LoadedEncoder) -> Callable[[int], Tensor]:
    """Return a function that reads pictures of the train split, evenly spread: number -> (n, 3, S, S) in [0, 1]."""

    def pictures(count: int) -> Tensor:
        images = Images.open(data, "train")
        side = min(SIDE, encoder.side(images.resolution), images.resolution)
        return to_float(images.read(spread(len(images), count), side), CPU)

    return pictures


@dataclass(frozen=True)
class Alone:
    """The encoder without its wrapper, and what is needed to score it.

    path : its score file, which is read if it was made in the same way; see `score` for the others
    """

    subject: Subject
    path: Path
    device: torch.device
    protocol: Protocol
    seed: int
    limit: int | None
    ask: Path | None

    def encode(self, ranks: Ranks) -> None:
        """Encode the views together with the other ranks, unless the first rank can read the score from its file.

        It comes before any probe, so that no rank waits for those of the first one.
        """
        subject = self.subject
        if ranks.collect(self._stored() is None)[0]:
            encode_splits(
                subject.encoder, subject.data, subject.features, self.device, self.protocol, self.seed, self.limit,
                ranks, self.ask,
            )  # fmt: skip

    def score(self) -> Score:
        """Return the score from its file; otherwise make it from the encoded views, and write the file if none exists.

        It is called on the first rank alone.
        """
        if (stored := self._stored()) is not None:
            return stored
        subject = self.subject
        made = score(
            subject.encoder, subject.data, subject.features, self.device, self.protocol, self.seed, self.limit,
            ask=self.ask,
        )  # fmt: skip
        if not self.path.exists():
            made.save(self.path)
        return made

    def _stored(self) -> Score | None:
        """Read the score from its file; None if the file is of something else."""
        try:
            known = load_score(self.path)
        except ScoreFileError:
            return None
        subject, encoder = self.subject, known.encoder
        train, scored = (DatasetInfo.load(folder).fingerprint for folder in (subject.data, self.ask or subject.data))
        probed = known.dataset if known.shift is None else known.shift.dataset
        facts = (known.protocol_id, known.seed, known.limit, known.dataset.fingerprint, probed.fingerprint)
        same = facts == (self.protocol.id, self.seed, self.limit, scored, train)
        own = subject.encoder.weights, subject.encoder.resolution, subject.encoder.precision
        return known if same and (encoder.weights, encoder.resolution, encoder.precision) == own else None


def changes(alone: Score, wrapped: Score) -> list[Change]:
    """Compare all ranked metrics of the whole representation that both scores have, in their order."""
    compared = []
    for metric, entry in wrapped.values[WHOLE].items():
        info, before = info_of(metric, wrapped.metrics), alone.values[WHOLE].get(metric)
        draws = [score.resamples.drawn(WHOLE, metric) for score in (alone, wrapped)]
        if before is None or not info.ranked or draws[0] is None or draws[1] is None:
            continue
        low, high = interval(draws[1] - draws[0], wrapped.protocol.level).tolist()
        compared.append(Change(metric, info, before.value, entry.value, low, high))
    return compared


def with_changes(alone: Score, wrapped: Score) -> Score:
    """Return the wrapped score with a note of the changes that are certain, of metrics with a column."""
    certain = []
    for change in changes(alone, wrapped):
        if change.info.has_column(wrapped.protocol.r2) and (change.low > 0 or change.high < 0):
            before, after, difference = change.texts
            certain.append(f"{change.info.title} {before} to {after} ({difference})")
    summary = "; ".join(certain) if certain else "no metric with a column changes for certain"
    return replace(wrapped, notes=(*wrapped.notes, f"against {alone.name} alone: {summary}"))


def change_table(alone: Score, wrapped: Score) -> str:
    """Return the changes of all ranked metrics as a table for the screen, those that are certain marked."""
    lines = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    lines.add_column(f"what the wrapper changes (*: for certain, {wrapped.protocol.level:.0%})", no_wrap=True)
    for title in ("alone", "wrapped", "change"):
        lines.add_column(title, justify="right", no_wrap=True)
    for change in changes(alone, wrapped):
        star = " *" if change.low > 0 or change.high < 0 else ""
        lines.add_row(screen(f"{change.info.title}{star}"), *map(screen, change.texts))
    return "\n".join(line.rstrip() for line in drawn(lines) if line.strip())
