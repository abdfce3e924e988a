"""What a probe gets, what it gives, and the registry of probes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from iebench.baselines.method import Method
from iebench.manifests.common.progress import Meter

from ..bootstrap import Bootstrap, Measured
from ..pairs import Identity
from ..protocol import Protocol
from .standardise import Standardiser

Rows = NDArray[np.int64]
"""Row numbers of a split, one row of them per sample: (k, views)."""

Values = dict[str, dict[str, Measured]]
"""Part -> metric -> what was measured."""


@dataclass(frozen=True)
class Split:
    """One split's views with their cached features.

    features : (n, D) float32, maybe memory-mapped
    labels : (n,) int64; latents : name -> (n,) float64
    identities : one (synset, object id) per object; object i has rows i * views .. (i + 1) * views - 1
    pairs : (objects, rounds, 2) int64, the fixed list of view pairs
    """

    features: NDArray[np.float32]
    labels: NDArray[np.int64]
    latents: Mapping[str, NDArray[np.float64]]
    identities: list[Identity]
    views: int
    pairs: NDArray[np.int64]

    @property
    def objects(self) -> int:
        """Number of objects."""
        return len(self.identities)

    @property
    def image_objects(self) -> NDArray[np.int64]:
        """The object of each row: (n,)."""
        return np.repeat(np.arange(self.objects), self.views)

    def pair_rows(self, objects: NDArray[np.int64], round_: int) -> Rows:
        """The rows of some objects' pairs of one round: objects (k,) -> (k, 2)."""
        rows: Rows = objects[:, None] * self.views + self.pairs[objects, round_]
        return rows

    def all_pairs(self) -> tuple[Rows, NDArray[np.int64]]:
        """The rows of every pair, object by object (k, 2), and the object of each (k,)."""
        rounds = self.pairs.shape[1]
        first = np.arange(self.objects)[:, None, None] * self.views
        return (first + self.pairs).reshape(-1, 2), np.repeat(np.arange(self.objects), rounds)

    def has(self, names: Sequence[str]) -> bool:
        """Whether the dataset has all these latents."""
        return set(names) <= self.latents.keys()

    def columns(self, names: Sequence[str], rows: Rows) -> NDArray[np.float64]:
        """Latents of some rows: rows (...) -> (..., len(names))."""
        return np.stack([self.latents[name][rows] for name in names], axis=-1)


@dataclass(frozen=True)
class Context:
    """Everything a probe may use.

    parts : name -> slice of the representation; the whole one first
    standardiser : of the train split's features
    method : the run's method when it has a predictor, on `device`, else None
    """

    train: Split
    val: Split
    parts: Mapping[str, slice]
    standardiser: Standardiser
    method: Method | None
    protocol: Protocol
    bootstrap: Bootstrap
    seed: int
    device: torch.device
    meter: Meter


def epochs(protocol: Protocol, parts: int) -> int:
    """How many epochs of heads all probes train on so many parts, for progress."""
    return parts * sum(task.epochs for task in (protocol.classification, protocol.rotation, protocol.colour))


Probe = Callable[[Context], Values]
PROBES: dict[str, Probe] = {}


def probe(name: str) -> Callable[[Probe], Probe]:
    """Register a probe; they run in the order of registration. One that does not apply returns {}."""

    def register(function: Probe) -> Probe:
        PROBES[name] = function
        return function

    return register


def run(context: Context) -> Values:
    """All probes' values, by part in the context's order."""
    values: Values = {part: {} for part in context.parts}
    for function in PROBES.values():
        for part, measured in function(context).items():
            values[part].update(measured)
    return values
