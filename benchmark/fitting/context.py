"""What a probe gets, what it gives, and the registry of probes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol as Interface

import numpy as np
import torch
from numpy.typing import NDArray

from iebench.manifests.common.progress import Meter

from ..data.pairs import Identity
from ..encoders.predictor import Predictor
from ..encoders.prepared import Encoder
from ..errors import ProbeError
from ..protocol import Protocol
from ..results.samples import Numbers, Samples, keys_of
from ..statistics.bootstrap import Bootstrap, Measured
from ..statistics.metric_info import Measure, declaration_faults
from ..statistics.regularisation import Regularisation
from .standardise import Standardiser

Rows = NDArray[np.int64]
"""Row numbers of a split, one row of them per sample: (k, views)."""

Values = dict[str, dict[str, Measured]]
"""Part -> metric -> what was measured."""


STILL = 1e-9  # a latent that varies by less is constant
MARGIN = 0.1  # of train's range of a latent, by which val's values may exceed it


@dataclass(frozen=True)
class Split:
    """One split's views with their cached features.

    features : (n, D) float32, maybe memory-mapped
    labels : (n,) int64; latents : name -> (n,) float64
    identities : one (synset, object id) per object; object i has rows i * views .. (i + 1) * views - 1
    pairs : (objects, rounds, 2) int64, the fixed list of view pairs
    pixels : rows (k,) -> images (k, H, W, 3) uint8 as the encoder gets them; None where there are features only
    """

    features: NDArray[np.float32]
    labels: NDArray[np.int64]
    latents: Mapping[str, NDArray[np.float64]]
    identities: list[Identity]
    views: int
    pairs: NDArray[np.int64]
    pixels: Callable[[NDArray[np.int64]], NDArray[np.uint8]] | None = None

    @property
    def objects(self) -> int:
        """Number of objects."""
        return len(self.identities)

    @property
    def image_objects(self) -> NDArray[np.int64]:
        """The object of each row: (n,)."""
        return np.repeat(np.arange(self.objects), self.views)

    def pair_rows(self, objects: NDArray[np.int64], round_: int) -> Rows:
        """The rows of some objects' pairs of one round: objects (...) -> (..., 2)."""
        rows: Rows = objects[..., None] * self.views + self.pairs[objects, round_]
        return rows

    def pairs_of(self, objects: NDArray[np.int64], rounds: int) -> tuple[Rows, NDArray[np.int64]]:
        """The rows of the first rounds' pairs, object by object (k, 2), and the object of each (k,)."""
        chosen = self.pairs[objects, :rounds]
        rows: Rows = objects[:, None, None] * self.views + chosen
        return rows.reshape(-1, 2), np.repeat(objects, chosen.shape[1])

    def all_pairs(self) -> tuple[Rows, NDArray[np.int64]]:
        """The rows of every pair, object by object (k, 2), and the object of each (k,)."""
        return self.pairs_of(np.arange(self.objects), self.pairs.shape[1])

    def asked(self, views: int, every: bool) -> tuple[Rows, NDArray[np.int64]]:
        """The rows (k, views) that questions about 1 or 2 views are put to, and the object of each (k,).

        every : whether a question about one view is put to all of them, or to the first of each pair
        """
        if views == 1 and every:
            return np.arange(len(self.labels))[:, None], self.image_objects
        rows, objects = self.all_pairs()
        return rows[:, :views], objects

    def has(self, names: Sequence[str]) -> bool:
        """Whether the dataset has all these latents."""
        return set(names) <= self.latents.keys()

    def shows(self, names: Sequence[str]) -> bool:
        """Whether the dataset has all these latents and one of them varies, so that there is something to ask."""
        return self.has(names) and any(np.ptp(self.latents[name]) > STILL for name in names)

    def columns(self, names: Sequence[str], rows: Rows) -> NDArray[np.float64]:
        """Latents of some rows: rows (...) -> (..., len(names))."""
        return np.stack([self.latents[name][rows] for name in names], axis=-1)


class Oracle(Interface):
    """Who knows every pose and every object's symmetries."""

    def __call__(self, split: Split, rows: Rows) -> NDArray[np.float64]:
        """The best answers to relative rotations: rows (k, 2) -> expected matrices (k, 3, 3)."""

    def error(self, split: Split, rows: Rows, found: NDArray[np.float64]) -> NDArray[np.float64]:
        """Degrees from quaternions (k, 4) to the nearest rotation that looks like the true one: (k,)."""


@dataclass(frozen=True)
class Context:
    """Everything a probe may use.

    parts : name -> slice of the representation; the whole one first
    standardiser : of the train split's features, or one that changes nothing
    method : what predicts, such as a run's method, on `device`; None without a predictor
    seeds : of the heads' weights and orders, one for each head of a kind; seed : the first
    turns : the latents that lie on a circle, with a full turn in their unit
    learners, tuners : the train objects that heads learn from, and those that choose rate and decay; every one is in
        just one of them
    oracle : who knows the objects' symmetries; None where nobody looked at the meshes
    encoder : what made the features, if it is at hand
    chosen : filled by the heads: part -> question -> rate and decay that did best on the tuning objects
    metrics : filled by the probes of other packages: what they declare, by metric
    packages : filled by them: the version of each such package by its name
    notes : filled by the probes: what a reader should know before trusting their values, one sentence each
    samples : where answers go one by one; None where nobody asked for them
    regularisation : filled by probes that are solved: part -> question -> what was chosen for it
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
    turns: Mapping[str, float]
    learners: NDArray[np.int64]
    tuners: NDArray[np.int64]
    oracle: Oracle | None = None
    encoder: Encoder | None = None
    chosen: dict[str, dict[str, tuple[float, float]]] = field(default_factory=dict)
    metrics: dict[str, Measure] = field(default_factory=dict)
    packages: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    regularisation: dict[str, dict[str, Regularisation]] = field(default_factory=dict)
    samples: Samples | None = None

    def log(
        self, part: str, question: str, rows: Rows, truth: Numbers, answers: Numbers,
        errors: NDArray[np.float64], unit: str, seeds: Sequence[int | None] = (None,),
    ) -> None:  # fmt: skip
        """Keep the answers to questions about val, if that was asked for; see `Samples.put`.

        rows : (k, 1) or (k, 2) of val; truth : (k, c); answers : (S, k, c) and errors (S, k), of each seed
        """
        if self.samples is not None:
            keys = [keys_of(self.val.identities, self.val.views, view) for view in rows.T]
            self.samples.put(keys, part, question, seeds, truth, answers, errors, unit)

    def shows(self, names: Sequence[str]) -> bool:
        """Whether both splits have these latents and vary one of them."""
        return self.train.shows(names) and self.val.shows(names)

    @property
    def seed(self) -> int:
        """For a probe that draws once."""
        return self.seeds[0]


def steps(protocol: Protocol, parts: int) -> int:
    """The epochs of heads that all probes train on so many parts, and the regressions they solve, for progress."""
    solved = 2 * (protocol.linear is not None) + (protocol.kernel is not None)
    return parts * (solved + sum(head.epochs for head in protocol.heads.values()))


Probe = Callable[[Context], Values]


@dataclass(frozen=True)
class Registered:
    """A probe. metrics : those that it declares, by name; {} for iebench's own, whose metrics are in MEASURES"""

    function: Probe
    metrics: Mapping[str, Measure]


PROBES: dict[str, Registered] = {}


def probe(name: str, metrics: Mapping[str, Measure] | None = None) -> Callable[[Probe], Probe]:
    """Register a probe; they run in the order of registration. One that does not apply returns {}.

    metrics : what a probe of another package measures, by metric; scores keep it, so that it is shown everywhere

    Raises
    ------
    ProbeError : a metric cannot be shown as it is declared.
    """
    for metric, measure in (metrics or {}).items():
        for fault in declaration_faults(metric, measure):
            raise ProbeError(f"the metric {metric!r:.80} {fault}")

    def register(function: Probe) -> Probe:
        PROBES[name] = Registered(function, dict(metrics or {}))
        return function

    return register
