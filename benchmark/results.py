"""score.json: what scoring leaves behind, read back strictly."""

import dataclasses
import json
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from iebench.manifests.common.files import write_atomic
from iebench.manifests.common.settings import build

from .bootstrap import Measured, interval
from .errors import IebenchError, ScoreFileError
from .measures import MEASURES, WHOLE
from .protocol import Protocol
from .resamples import Resamples, unpack

FORMAT = 2
NAME = "score.json"
REMEDY = "restore it or run `iebench score` again"
SHA256 = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True)
class EncoderFacts:
    """What was scored. weights : SHA-256; parts : name -> (start, stop) columns; resolution : pixels it was given.

    preprocessing : what it does to images itself, as it declares
    precision : of its forward pass; where features came as a file "", with a resolution of 0
    """

    name: str
    weights: str
    dim: int
    parts: dict[str, tuple[int, int]]
    resolution: int
    has_predictor: bool
    preprocessing: str = ""
    precision: str = "float32"


@dataclass(frozen=True)
class Cost:
    """What an encoder costs; None where nobody knows.

    parameters : in the encoder, without projectors and predictors
    images_per_s : encoded on the score's device, decoding included
    training_hours : of one device, times the number of devices; training_device : which
    """

    parameters: int | None = None
    images_per_s: float | None = None
    training_hours: float | None = None
    training_device: str = ""


@dataclass(frozen=True)
class DataFacts:
    """What it was scored on.

    name : the folder's; train_objects, val_objects : scored; views : per object
    known_meshes : val objects that were left out, because their mesh is in train too
    """

    name: str
    fingerprint: str
    train_objects: int
    val_objects: int
    views: int
    known_meshes: int = 0


@dataclass(frozen=True)
class Example:
    """One question to a predictor: which view of an object is the target, told the change from the source?

    source, target, found : views; rank : of the target among the object's other views, from 1
    """

    synset: str
    object_id: str
    source: int
    target: int
    found: int
    rank: int


@dataclass(frozen=True)
class Score:
    """One encoder's score.

    values : part -> metric -> value, interval, floor, n
    limit : objects per split in a smoke run, which says nothing about the encoder; None for a real one
    seed : of the probes' weights and orders; pairs : SHA-256 of the train and val pair lists
    run : the training run's config.json, {} for an encoder from elsewhere
    device, versions, seconds : where, with what and how long (encoding, probes)
    resamples : what pairs it with other scores; examples : of what a predictor found, to be shown
    notes : what a reader should know before trusting the values, one sentence each
    chosen : part -> question -> learning rate and weight decay of the heads that count
    """

    name: str
    limit: int | None
    values: dict[str, dict[str, Measured]]
    protocol_id: str
    protocol: Protocol
    seed: int
    pairs: dict[str, str]
    dataset: DataFacts
    encoder: EncoderFacts
    device: str
    versions: dict[str, str]
    seconds: dict[str, float]
    resamples: Resamples
    examples: tuple[Example, ...] = ()
    run: dict[str, Any] = field(default_factory=dict)
    cost: Cost = field(default_factory=Cost)
    notes: tuple[str, ...] = ()
    chosen: dict[str, dict[str, tuple[float, float]]] = field(default_factory=dict)

    def save(self, path: Path) -> None:
        """Write the JSON file, complete or not at all."""
        table = {"format": FORMAT, **dataclasses.asdict(self)}
        write_atomic(path, json.dumps(table, indent=2, allow_nan=False) + "\n")

    @staticmethod
    def load(path: Path) -> "Score":
        """Read a JSON file and check it.

        Raises
        ------
        ScoreFileError : missing, damaged, of another format, or changed by hand.
        """
        score = Score.read(path)
        faults = score.faults()
        if faults:
            raise ScoreFileError(f"{path}: {faults[0]}: {REMEDY}")
        return score

    @staticmethod
    def read(path: Path) -> "Score":
        """Read a JSON file of the right structure, whatever its numbers say.

        Raises
        ------
        ScoreFileError : missing, damaged, or of another format.
        """
        try:
            table = json.loads(path.read_text(encoding="utf-8"))
            version, run = table.pop("format"), dict(table.pop("run"))
        except FileNotFoundError:
            raise ScoreFileError(f"no such file: {path}; `iebench score` makes one") from None
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ScoreFileError(f"{path} is not a score ({type(error).__name__}: {error}): {REMEDY}") from None
        if version != FORMAT:
            raise ScoreFileError(f"{path} is a score of format {version}, this iebench reads {FORMAT}: score again")
        try:
            return dataclasses.replace(build(Score, table, str(path)), run=run)
        except IebenchError as error:
            raise ScoreFileError(f"{error}: {REMEDY}") from None

    def faults(self) -> list[str]:
        """What in it cannot be, one clause each; nothing for a score as `iebench score` writes it."""
        found = []
        if self.protocol.id != self.protocol_id:
            found.append(f"its protocol is not the one of its id {self.protocol_id} (changed, or of another iebench)")
        if WHOLE not in self.values:
            found.append("it has no values of the whole representation")
        hashes = {"dataset.fingerprint": self.dataset.fingerprint, "encoder.weights": self.encoder.weights}
        hashes |= {f"pairs.{split}": digest for split, digest in self.pairs.items()}
        for where, digest in {**hashes, "resamples.digest": self.resamples.digest}.items():
            if not SHA256.fullmatch(digest):
                found.append(f"{where} is no SHA-256: {digest!r}")
        for part, measured in self.values.items():
            for metric, entry in measured.items():
                found += [f"{part} {metric} {fault}" for fault in self._entry_faults(part, metric, entry)]
        return [*found, *self._extra_faults()]

    def _entry_faults(self, part: str, metric: str, entry: Measured) -> Iterator[str]:
        numbers = [x for x in vars(entry).values() if isinstance(x, float)]
        if metric not in MEASURES:
            yield "is a metric that this iebench does not know (update it)"
        if not all(map(math.isfinite, numbers)):
            yield "is not finite"
        elif not entry.low <= entry.high:
            yield f"has an interval from {entry.low} down to {entry.high}"
        data, resampled = self.dataset, metric in self.resamples.draws.get(part, {})
        scored = data.val_objects if resampled else max(data.val_objects, data.train_objects)
        if entry.n < 1 or not 1 <= entry.objects <= scored:
            yield f"rests on {entry.n} samples of {entry.objects} objects, and {scored} were scored"
        try:
            draws = self.resamples.drawn(part, metric)
        except ValueError as error:
            yield f"has draws that cannot be read ({error})"
            return
        if draws is None:
            return
        if len(draws) != self.protocol.draws:
            yield f"has {len(draws)} draws and its protocol says {self.protocol.draws}"
        ends = interval(draws, self.protocol.level)
        if not np.allclose(ends, [entry.low, entry.high], rtol=1e-9, atol=1e-4 * float(np.ptp(draws)) + 1e-12):
            yield f"has the interval [{entry.low}, {entry.high}] and its draws have [{ends[0]}, {ends[1]}]"

    def _extra_faults(self) -> Iterator[str]:
        whole = self.values.get(WHOLE, {})
        for part, drawn in self.resamples.draws.items():
            for metric in drawn.keys() - self.values.get(part, {}).keys():
                yield f"it has draws of {part} {metric} and no value"
        for metric, text in self.resamples.each.items():
            try:
                count = len(unpack(text))
            except ValueError as error:
                yield f"values per object of {metric} cannot be read ({error})"
                continue
            if metric not in whole or count != whole[metric].objects:
                yield f"it has {count} values per object of {metric}, which rests on others"


def load_all(paths: Sequence[Path], root: Path = Path("runs")) -> dict[Path, Score]:
    """The scores in some files, by file; without any, all of root/*/score.json.

    Raises
    ------
    ScoreFileError : a file that cannot be read, or none at all.
    """
    chosen = list(paths) or sorted(root.glob(f"*/{NAME}"))
    if not chosen:
        raise ScoreFileError(f"no {root}/*/{NAME}: run `iebench score` first, or name the files")
    return {path: Score.load(path) for path in chosen}
