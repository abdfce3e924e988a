"""A score: what scoring leaves behind as score.json. `reading` reads it back."""

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from iebench.manifests.common.files import write_atomic

from ..protocol import Protocol
from ..statistics.bootstrap import Measured
from ..statistics.metric_info import Measure
from ..statistics.regularisation import Regularisation
from ..statistics.resamples import Resamples

FORMAT = 2
NAME = "score.json"
MOST_BYTES = 16_000_000  # of a file that is read: ten times what 3DIEBench needs


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
    metrics : those that probes of other packages measured: how each is shown
    regularisation : part -> question -> what the tuning objects chose for a probe that is solved
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
    metrics: dict[str, Measure] = field(default_factory=dict)
    regularisation: dict[str, dict[str, Regularisation]] = field(default_factory=dict)

    def save(self, path: Path) -> None:
        """Write the JSON file, complete or not at all."""
        table = {"format": FORMAT, **dataclasses.asdict(self)}
        write_atomic(path, json.dumps(table, indent=2, allow_nan=False) + "\n")
