"""score.json: what scoring leaves behind, read back strictly."""

import dataclasses
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from iebench.manifests.common.files import write_atomic
from iebench.manifests.common.settings import build

from .bootstrap import Measured
from .errors import IebenchError, ScoreFileError
from .measures import MEASURES, WHOLE
from .protocol import Protocol

FORMAT = 1
NAME = "score.json"


@dataclass(frozen=True)
class EncoderFacts:
    """What was scored. weights : SHA-256; parts : name -> (start, stop) columns; resolution : pixels it was given."""

    name: str
    weights: str
    dim: int
    parts: dict[str, tuple[int, int]]
    resolution: int
    has_predictor: bool


@dataclass(frozen=True)
class DataFacts:
    """What it was scored on. name : the folder's; train_objects, val_objects : scored; views : per object."""

    name: str
    fingerprint: str
    train_objects: int
    val_objects: int
    views: int


@dataclass(frozen=True)
class Score:
    """One encoder's score.

    values : part -> metric -> value, interval, floor, n
    limit : objects per split in a smoke run, which says nothing about the encoder; None for a real one
    seed : of the probes' weights and orders; pairs : SHA-256 of the train and val pair lists
    run : the training run's config.json, {} for an encoder from elsewhere
    device, versions, seconds : where, with what and how long (encoding, probes)
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
    run: dict[str, Any] = field(default_factory=dict)

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
        remedy = "restore it or run `iebench score` again"
        try:
            table = json.loads(path.read_text(encoding="utf-8"))
            version, run = table.pop("format"), dict(table.pop("run"))
        except FileNotFoundError:
            raise ScoreFileError(f"no such file: {path}; `iebench score` makes one") from None
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ScoreFileError(f"{path} is not a score ({type(error).__name__}: {error}): {remedy}") from None
        if version != FORMAT:
            raise ScoreFileError(f"{path} is a score of format {version}, this iebench reads {FORMAT}: score again")
        try:
            score = dataclasses.replace(build(Score, table, str(path)), run=run)
        except IebenchError as error:
            raise ScoreFileError(f"{error}: {remedy}") from None
        score._check(path, remedy)
        return score

    def _check(self, path: Path, remedy: str) -> None:
        if self.protocol.id != self.protocol_id:
            raise ScoreFileError(f"{path}: its protocol is not the one of its id {self.protocol_id}: {remedy}")
        if WHOLE not in self.values:
            raise ScoreFileError(f"{path} has no values of the whole representation: {remedy}")
        for part, measured in self.values.items():
            for metric, entry in measured.items():
                if metric not in MEASURES:
                    raise ScoreFileError(f"{path}: {part} has an unknown metric {metric!r}: update iebench")
                if not all(math.isfinite(x) for x in (entry.value, entry.low, entry.high, entry.floor)):
                    raise ScoreFileError(f"{path}: {part} {metric} is not finite: {remedy}")


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
