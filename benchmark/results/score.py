"""The score that `iebench score` writes as score.json. `reading` reads it."""

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from iebench.manifests.common.files import write_atomic
from iebench.manifests.installed.parts import require_plots

from ..errors import ScoreFileError
from ..protocol import Protocol
from ..statistics.bootstrap import Estimate
from ..statistics.metric_info import WHOLE, MetricInfo
from ..statistics.regularisation import Regularisation
from ..statistics.resamples import Resamples
from .checksum import KEY, checksum
from .retrievals import Retrievals

if TYPE_CHECKING:
    from iebench.manifests.pages.figures import Picture

FORMAT = 2
NAME = "score.json"
UNTRAINED = "nothing"
"""Training data of an encoder with initial weights."""
MOST_BYTES = 16_000_000  # largest file that is read: ten times the size for 3DIEBench


@dataclass(frozen=True)
class EncoderFacts:
    """The scored encoder.

    name : name in tables; dim : number of columns of its representations
    has_predictor : True if it predicts embeddings of other views
    weights : SHA-256; parts : name -> (start, stop) columns; resolution : pixels of its images
    preprocessing : its own preprocessing, as it declares
    precision : precision of its forward pass; for a file of features "", with a resolution of 0
    training_data : data that trained it, as it declares; "" if it does not, or if the run's record has it
    """

    name: str
    weights: str
    dim: int
    parts: dict[str, tuple[int, int]]
    resolution: int
    has_predictor: bool
    preprocessing: str = ""
    precision: str = "float32"
    training_data: str = ""


@dataclass(frozen=True)
class Cost:
    """Cost of an encoder; None if unknown.

    parameters : number in the encoder, without projectors and predictors
    images_per_s : speed of encoding on the score's device, decoding included
    training_hours : device-hours of training, on a CPU hours of processor time; training_device : kind of device
    """

    parameters: int | None = None
    images_per_s: float | None = None
    training_hours: float | None = None
    training_device: str = ""


@dataclass(frozen=True)
class DataFacts:
    """The dataset of the score.

    name : name of the folder; train_objects, val_objects : scored objects; views : views per object
    fingerprint : SHA-256 of the dataset's content
    known_meshes : number of val objects that were left out because their mesh is in train too
    """

    name: str
    fingerprint: str
    train_objects: int
    val_objects: int
    views: int
    known_meshes: int = 0


@dataclass(frozen=True)
class Shift:
    """The dataset that the probes of a score were trained on, where the score is of another dataset.

    dataset : dataset of the probes' train split
    paired : True if its val objects are the scored ones, so that bootstrap samples are of the same objects
    values : part -> metric -> value of the same probes on that dataset's own val split; draws : bootstrap samples
    """

    dataset: DataFacts
    paired: bool
    values: dict[str, dict[str, Estimate]]
    draws: dict[str, dict[str, str]]


@dataclass(frozen=True)
class Example:
    """A query to a predictor: retrieve the target view of an object, given the source view and the transformation.

    synset, object_id : class and object
    source, target, found : views; rank : rank of the target among the object's other views, from 1
    """

    synset: str
    object_id: str
    source: int
    target: int
    found: int
    rank: int


@dataclass(frozen=True)
class Distribution:
    """A predicted distribution over the poses of a view, to be drawn. Lists are packed as bootstrap samples are.

    synset, object_id : class and object; view : number of the view
    poses : quaternions of the likeliest cells, scalar last, four numbers each
    shares : their probabilities, falling
    alike : quaternions of the true pose, then of other poses that look like it
    input : what it is predicted from, the representation or the encoder's last map
    """

    synset: str
    object_id: str
    view: int
    poses: str
    shares: str
    alike: str
    input: Literal["representation", "map"] = "representation"


@dataclass(frozen=True)
class Answers:
    """Predictions of probes for every view of val: class, and error of the pose. Lists are packed as bootstrap samples.

    classes : synsets of the classes, sorted
    true : number of each object's class; predicted : number of each view's predicted class, object by object
    degrees : angle between the predicted and the true pose of each view, to a degree; "" if it is not measured
    """

    classes: tuple[str, ...]
    true: str
    predicted: str
    degrees: str = ""


@dataclass(frozen=True, repr=False)
class Score:
    """The score of one encoder.

    name : name of the encoder in tables
    values : part -> metric -> value, interval, floor, n
    protocol_id : hash of all settings of the protocol; protocol : these settings
    dataset, encoder, cost : facts about the dataset, the encoder and its cost
    limit : objects per split in a smoke run, which does not measure the encoder; None for a full run
    seed : seed of the probes' weights and orders; pairs : SHA-256 of the train and val pair lists
    run : the training run's config.json, {} for an external encoder
    device : device of scoring; versions : package -> version; seconds : duration of encoding and of probing
    resamples : bootstrap samples, for comparison with other scores; examples : queries to a predictor, to be shown
    notes : facts that limit the meaning of the values, one sentence each
    chosen : part -> head -> selected learning rate and weight decay
    metrics : metrics of probes of other packages, with their descriptions
    regularisation : part -> regression -> penalty that the tuning objects selected for a probe that is solved
    shift : the probes' dataset, if it is not `dataset`, whose train_objects are then those of the probes
    distributions : predicted distributions over poses, to be shown; only of the suite "full"
    answers : predictions for every view, to be shown; None if the protocol measures other views
    retrievals : queries to a predictor for every source and target view of the objects of `examples`, to be shown
    """

    name: str
    limit: int | None
    values: dict[str, dict[str, Estimate]]
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
    metrics: dict[str, MetricInfo] = field(default_factory=dict)
    regularisation: dict[str, dict[str, Regularisation]] = field(default_factory=dict)
    shift: Shift | None = None
    distributions: tuple[Distribution, ...] = ()
    answers: Answers | None = None
    retrievals: Retrievals | None = None

    def __repr__(self) -> str:  # not the bootstrap samples, which are thousands of lines
        smoke = f", limit={self.limit}" if self.limit is not None else ""
        return f"Score({self.name!r}, dataset={self.dataset.name!r}, protocol={self.protocol.name!r}{smoke})"

    def _repr_html_(self) -> str:
        """Format the score for a notebook."""
        from .html import as_html

        smoke = f"; a smoke run of {self.limit} objects a split" if self.limit is not None else ""
        caption = (
            f"{self.name} on {self.dataset.name}: {self.dataset.val_objects} val objects, protocol "
            f"{self.protocol.name}{smoke}; intervals of {self.protocol.level:.0%}"
        )
        return as_html(caption, self.values.get(WHOLE, {}), self.metrics, self.protocol.r2, self.notes)

    def save(self, path: Path) -> None:
        """Write the JSON file atomically."""
        table = {"format": FORMAT, **dataclasses.asdict(self)}
        for later in ("shift", "distributions", "answers", "retrievals"):
            if not table[later]:
                del table[later]  # so that other scores keep their bytes
        if not self.encoder.training_data:
            del table["encoder"]["training_data"]
        table[KEY] = checksum(table)
        write_atomic(path, json.dumps(table, indent=2, allow_nan=False) + "\n")

    def plot(self, orbits: Path | str | None = None) -> "Picture":
        """Draw R² of every factor with its interval, floor and ceiling, and the curves of an orbit if there are any.

        A notebook shows the picture; `plot().savefig("score.png")` writes it.

        orbits : folder with the orbits.json of `iebench orbits`; None for runs/NAME, if that is of the scored weights

        Raises
        ------
        MissingPart : matplotlib is not installed.
        ScoreFileError : the score has no R².
        RunError : no orbits in the given folder, orbits of other weights, or a damaged file.
        """
        require_plots()
        from .plot import figure, orbits_of, profile

        rows = profile(self.values, self.metrics, self.protocol.r2)
        if not rows:
            raise ScoreFileError(f"the score of {self.name} has no R², which its plot shows: use another protocol")
        curves = orbits_of(self.name, self.encoder.weights, None if orbits is None else Path(orbits))
        objects, protocol = self.dataset.val_objects, self.protocol
        title = f"{self.name} on {self.dataset.name}: {objects} val objects, protocol {protocol.name}"
        return figure(self.values, rows, protocol.level, title, curves)
