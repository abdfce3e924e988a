"""The input and output of a probe, and the registry of probes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal
from typing import Protocol as Interface

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from iebench.baselines.method import Method
from iebench.manifests.common.progress import Meter
from iebench.manifests.factors import FactorGroup
from iebench.manifests.installed.registry import Registry
from iebench.manifests.recipe import Camera
from iebench.manifests.symmetry import Symmetry

from ..data.pairs import Identity
from ..encoders.predictor import Predictor
from ..encoders.prepared import PreparedEncoder
from ..errors import ProbeError
from ..metrics import targets
from ..metrics.known import GROUP
from ..protocol import Protocol
from ..results.samples import Numbers, Samples, keys_of
from ..results.score import Distribution
from ..statistics.bootstrap import Bootstrap, Estimate
from ..statistics.metric_info import WHOLE, MetricInfo, info_faults, name_fault
from ..statistics.regularisation import Regularisation
from .standardise import Standardiser

Rows = NDArray[np.int64]
"""Row numbers of a split, (k, views): the rows of one sample each."""

Values = dict[str, dict[str, Estimate]]
"""Part -> metric -> value."""


Suite = Literal["default", "full"]
"""Which probes run: those that a protocol sets, or, at more cost, also the descriptions that no protocol sets."""

STILL = 1e-9  # a latent with a smaller range is constant
MARGIN = 0.1  # fraction of train's range of a latent by which val's values may exceed it


@dataclass(frozen=True)
class Split:
    """The views of a split with their cached features.

    features : (n, D) float32, maybe memory-mapped
    labels : (n,) int64; latents : name -> (n,) float64
    identities : (synset, object id) of each object; object i has rows i * views .. (i + 1) * views - 1
    pairs : (objects, rounds, 2) int64, the fixed list of view pairs
    pixels : rows (k,) -> images (k, H, W, 3) uint8 at the encoder's resolution; None for a file of features
    points : rows (k,) -> points on the object (k, S, S, 3) float32 in its own frame, at the dataset's resolution, NaN
        off the object; None for a dataset without the pass `nocs`
    camera : camera of all views; None if it is unknown or moves
    """

    features: NDArray[np.float32]
    labels: NDArray[np.int64]
    latents: Mapping[str, NDArray[np.float64]]
    identities: list[Identity]
    views: int
    pairs: NDArray[np.int64]
    pixels: Callable[[NDArray[np.int64]], NDArray[np.uint8]] | None = None
    points: Callable[[NDArray[np.int64]], NDArray[np.float32]] | None = None
    camera: Camera | None = None

    @property
    def objects(self) -> int:
        """Number of objects."""
        return len(self.identities)

    @property
    def image_objects(self) -> NDArray[np.int64]:
        """Object of each row: (n,)."""
        return np.repeat(np.arange(self.objects), self.views)

    def pair_rows(self, objects: NDArray[np.int64], round_: int) -> Rows:
        """Return the rows of some objects' pairs of one round: objects (...) -> (..., 2)."""
        rows: Rows = objects[..., None] * self.views + self.pairs[objects, round_]
        return rows

    def pairs_of(self, objects: NDArray[np.int64], rounds: int) -> tuple[Rows, NDArray[np.int64]]:
        """Return the rows of the pairs of the first rounds, object by object (k, 2), and their objects (k,)."""
        chosen = self.pairs[objects, :rounds]
        rows: Rows = objects[:, None, None] * self.views + chosen
        return rows.reshape(-1, 2), np.repeat(objects, chosen.shape[1])

    def all_pairs(self) -> tuple[Rows, NDArray[np.int64]]:
        """Return the rows of every pair, object by object (k, 2), and their objects (k,)."""
        return self.pairs_of(np.arange(self.objects), self.pairs.shape[1])

    def evaluation_rows(self, views: int, every: bool) -> tuple[Rows, NDArray[np.int64]]:
        """Return the rows (k, views) to evaluate probes of 1 or 2 views on, and their objects (k,).

        every : with 1 view, True for all views, False for the first view of each pair
        """
        if views == 1 and every:
            return np.arange(len(self.labels))[:, None], self.image_objects
        rows, objects = self.all_pairs()
        return rows[:, :views], objects

    def has(self, names: Sequence[str]) -> bool:
        """True if the dataset has all these latents."""
        return set(names) <= self.latents.keys()

    def shows(self, names: Sequence[str]) -> bool:
        """True if the dataset has all these latents and at least one varies, so that a probe makes sense."""
        return self.has(names) and any(np.ptp(self.latents[name]) > STILL for name in names)

    def columns(self, names: Sequence[str], rows: Rows) -> NDArray[np.float64]:
        """Return latents of some rows: rows (...) -> (..., len(names))."""
        return np.stack([self.latents[name][rows] for name in names], axis=-1)


class Oracle(Interface):
    """An oracle that knows every pose and every object's symmetries.

    views : number of rows that a sample has
    """

    @property
    def views(self) -> int:
        """Return the number of rows that a sample has."""

    def __call__(self, split: Split, rows: Rows) -> NDArray[np.float64]:
        """Return the best predictions of relative rotations: rows (k, views) -> expected matrices (k, 3, 3)."""

    def error(self, split: Split, rows: Rows, predicted: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return degrees from quaternions (k, 4) to the nearest rotation that looks like the true one: (k,)."""


class KnownSymmetries(Interface):
    """The objects' symmetries, and the recipe's poses."""

    @property
    def blind(self) -> Oracle | None:
        """Return the oracle that does not see colours; None if no colours are known."""

    def symmetry(self, split: Split, object_: int) -> Symmetry:
        """Return the symmetries of an object of a split."""

    def density(self, rotations: Rotation) -> NDArray[np.float64]:
        """Return the density of the recipe's poses over that of uniform rotations, up to a factor: (n,)."""


@dataclass(frozen=True)
class Context:
    """The inputs of a probe.

    parts : name -> slice of the representation; first the whole representation
    standardiser : standardiser of the features by the train split's moments, or the identity
    method : predictor, such as a run's method, on `device`; None if there is none
    seeds : seeds of the heads' weights and orders, one per head of a kind; seed : the first one
    groups : factor groups of the dataset's recipe
    training_objects, tuning_objects : train objects that fit heads, and that select learning rate and weight decay;
        every object is in exactly one of them
    oracle : oracle that knows the objects' symmetries; None if the symmetries are unknown
    symmetries : these symmetries; None if they are unknown
    encoder : encoder of the features; None for a file of features
    network : method whose encoder made the features, on `device`; None for other encoders
    chosen : filled by the heads: part -> head -> learning rate and weight decay that were best on the tuning objects
    metrics : filled by the probes: descriptions of metrics that are not in METRICS, for the score file
    packages : filled by the probes of other packages: version of each package by its name
    notes : filled by the probes: facts that limit the meaning of their values, one sentence each
    samples : store for the values of single objects; None to keep none
    suite : "full" to run the probes of that suite too
    distributions : filled by the probe of pose distributions: those of a few views of val, to be shown
    answers : filled by `log`: question -> predictions (n, c) and errors (n,) for all views of val, of the first seed
    regularisation : filled by probes that are solved: part -> regression -> selected penalty
    """

    train: Split
    val: Split
    parts: Mapping[str, slice]
    standardiser: Standardiser
    method: Predictor | None
    protocol: Protocol
    bootstrap: Bootstrap
    seeds: tuple[int, ...]
    device: torch.device
    meter: Meter
    groups: tuple[FactorGroup, ...]
    training_objects: NDArray[np.int64]
    tuning_objects: NDArray[np.int64]
    oracle: Oracle | None = None
    symmetries: KnownSymmetries | None = None
    encoder: PreparedEncoder | None = None
    network: Method | None = None
    chosen: dict[str, dict[str, tuple[float, float]]] = field(default_factory=dict)
    metrics: dict[str, MetricInfo] = field(default_factory=dict)
    packages: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    regularisation: dict[str, dict[str, Regularisation]] = field(default_factory=dict)
    distributions: list[Distribution] = field(default_factory=list)
    answers: dict[str, tuple[Numbers, NDArray[np.float64]]] = field(default_factory=dict)
    samples: Samples | None = None
    suite: Suite = "default"

    def log(
        self, part: str, question: str, rows: Rows, truth: Numbers, predictions: Numbers,
        errors: NDArray[np.float64], unit: str, seeds: Sequence[int | None] = (None,),
    ) -> None:  # fmt: skip
        """Keep predictions for all views of val in `answers`, and store them if `samples` is set; see `Samples.put`.

        rows : (k, 1) or (k, 2) of val; truth : (k, c); predictions : (S, k, c) and errors : (S, k), per seed
        """
        if part == WHOLE and rows.shape == (len(self.val.labels), 1):
            self.answers[question] = (predictions[0], errors[0])
        if self.samples is not None:
            keys = [keys_of(self.val.identities, self.val.views, view) for view in rows.T]
            self.samples.put(keys, part, question, seeds, truth, predictions, errors, unit)

    def shows(self, names: Sequence[str]) -> bool:
        """True if both splits have these latents and at least one varies in each."""
        return self.train.shows(names) and self.val.shows(names)

    @cached_property
    def changes(self) -> dict[str, tuple[str, ...]]:
        """Latents of each target for the change between two views; see `targets.changes`."""
        return targets.changes(self.groups)

    @cached_property
    def turns(self) -> dict[str, float]:
        """Circular latents, with the period in their unit."""
        return targets.turns(self.groups)

    @property
    def seed(self) -> int:
        """Return the seed for a probe that uses one seed."""
        return self.seeds[0]


def steps(protocol: Protocol, parts: int, suite: Suite = "default") -> int:
    """Number of epochs of all heads, and of regressions, for that many parts; the total of the progress bar."""
    solved = 2 * (protocol.linear is not None) + (protocol.kernel is not None) + (suite == "full")
    return parts * (solved + sum(head.epochs for head in protocol.heads.values()))


Probe = Callable[[Context], Values]


Declaration = Mapping[str, MetricInfo] | Callable[[Sequence[FactorGroup]], Mapping[str, MetricInfo]]
"""Descriptions of a probe's metrics by name: the same for every dataset, or made from the dataset's factor groups."""


@dataclass(frozen=True)
class Registered:
    """A registered probe, with the descriptions of its metrics; suite : the suite that it belongs to."""

    function: Probe
    metrics: Declaration
    suite: Suite = "default"

    def declared(self, groups: Sequence[FactorGroup]) -> dict[str, MetricInfo]:
        """Return the descriptions for a dataset with these factor groups.

        Raises
        ------
        ProbeError : a description is invalid.
        """
        return checked(self.metrics(groups) if callable(self.metrics) else self.metrics)


def checked(metrics: Mapping[str, MetricInfo]) -> dict[str, MetricInfo]:
    """Return descriptions that tables can show.

    Raises
    ------
    ProbeError : one cannot be shown; names the metric and its first fault.
    """
    for metric, info in metrics.items():
        for fault in filter(None, (name_fault(metric), *info_faults(info))):
            raise ProbeError(f"the metric {metric!r:.80} {fault}")
    return dict(metrics)


ORDER = (
    "heads", "consistency", "decoded_rotation", "axes", "shares", "kernel", "linear", "neighbours", "few", "prediction",
    "self_similarity", "correspondence", "descriptions", "sensitivity", "uncertainty", "transfer", "ceilings",
    "action_code", "in_context", "sequence",
)  # fmt: skip
"""Order of iebench's probes in score files, so that these keep their bytes; any later probe follows by its name."""

PROBES: Registry[Registered] = Registry("probe", GROUP, ProbeError, order=ORDER)


def probe(name: str, metrics: Declaration | None = None, suite: Suite = "default") -> Callable[[Probe], Probe]:
    """Register a probe; a score runs those that entry points name, and others that are registered already.

    The probe returns {} where it does not apply.

    metrics : descriptions of all that the probe measures, by name; all outputs read them
    suite : "full" for a probe that runs only with `iebench score --suite full`

    Raises
    ------
    ProbeError : there are no descriptions, or one is invalid.
    """
    if not metrics:
        raise ProbeError(f"the probe {name!r} declares no metrics: give @probe its metrics")
    declared: Declaration = metrics if callable(metrics) else checked(metrics)
    return PROBES.register(name, lambda function: Registered(function, declared, suite))
