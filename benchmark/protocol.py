"""The protocol: every choice that decides a score, as data. Two scores may be compared when their ids are equal.

The shipped ones are files of iebench.manifests.protocols; `iebench score --protocol FILE` takes one's own.
"""

import dataclasses
import hashlib
import json
import math
from dataclasses import dataclass
from itertools import pairwise, product
from pathlib import Path
from typing import Any, Literal

from iebench.manifests.common.settings import build, read_toml
from iebench.manifests.common.shipped import called, extended, locate, shipped
from iebench.manifests.text.plain_text import length_fault

from .errors import InvalidValue, SettingError, UnknownName

DEFAULT = "converged"
HEADS = (
    "classification", "classification_mlp", "rotation", "pose", "colour", "changes", "translation_object",
    "translation_base",
)  # fmt: skip
"""What heads may be asked; see `probes/`."""
MOST_TIE = 0.01
"""Cosines further apart than this are different answers: a wider tie would make a metric of retrieval say nothing."""


@dataclass(frozen=True)
class Head:
    """How the heads of one question are built and trained.

    hidden : widths of the hidden layers, none for a linear head
    epochs : passes over the train objects; batch : objects in a step
    lr, weight_decay : of AdamW; every combination is trained and the best on the tuning objects counts
    schedule : whether the rate stays, or falls linearly to 0
    """

    hidden: tuple[int, ...]
    epochs: int
    batch: int
    lr: tuple[float, ...]
    weight_decay: tuple[float, ...]
    schedule: Literal["constant", "linear"]

    def __post_init__(self) -> None:
        _at_least_1(epochs=self.epochs, batch=self.batch)
        _need(min(self.hidden, default=1) >= 1, "hidden", list(self.hidden), "be widths of at least 1")
        right = self.lr and all(0 < rate < math.inf for rate in self.lr)
        _need(bool(right), "lr", list(self.lr), "be one or more finite rates above 0")
        right = self.weight_decay and all(0 <= decay < math.inf for decay in self.weight_decay)
        _need(bool(right), "weight_decay", list(self.weight_decay), "be one or more finite numbers of at least 0")

    @property
    def grid(self) -> tuple[tuple[float, float], ...]:
        """The combinations of rate and decay."""
        return tuple(product(self.lr, self.weight_decay))


@dataclass(frozen=True)
class Linear:
    """Linear probes of single views that are solved to their optimum; see `probes/linear.py`.

    ridge, logistic : penalties that are tried, falling; a constant answer, which is an infinite one, always is
    gradient : no entry of the gradient is larger where logistic regression ends; see `logistic.py`
    numbers : of features at most that logistic regression learns from, such as 2**26; of more, fewer views of each
        object, then fewer objects
    side : of the largest matrix that is decomposed; features with more columns are learnt from as many views at most
    """

    ridge: tuple[float, ...]
    logistic: tuple[float, ...]
    gradient: float
    numbers: int
    side: int

    def __post_init__(self) -> None:
        _falling("ridge", self.ridge)
        _falling("logistic", self.logistic)
        _need(0 < self.gradient < math.inf, "gradient", self.gradient, "be finite and above 0")
        _at_least_1(numbers=self.numbers, side=self.side)


@dataclass(frozen=True)
class Kernel:
    """Nonlinear probes that are solved to their optimum; see `probes/kernel.py`.

    ridge : penalties that are tried, falling; a constant answer, which is an infinite one, always is
    units, pair_units : random Fourier features of a view beside its own, and of two views
    pairs : of views of each train object that regressions of pairs learn from
    """

    ridge: tuple[float, ...]
    units: int
    pair_units: int
    pairs: int

    def __post_init__(self) -> None:
        _falling("ridge", self.ridge)
        _at_least_1(units=self.units, pair_units=self.pair_units, pairs=self.pairs)


@dataclass(frozen=True)
class Neighbours:
    """Classes by the nearest train views: k of them, votes exp(cosine / temperature), among `views` of each object."""

    k: int
    temperature: float
    views: int

    def __post_init__(self) -> None:
        _at_least_1(k=self.k, views=self.views)
        _need(0 < self.temperature < math.inf, "temperature", self.temperature, "be finite and above 0")


@dataclass(frozen=True)
class FewShot:
    """Classes from a few objects of each: `shots` says how many, and `draws` how often they are drawn."""

    shots: tuple[int, ...]
    draws: int

    def __post_init__(self) -> None:
        known = (1, 5, 10)
        _need(set(self.shots) <= set(known), "shots", list(self.shots), f"be among {known}")
        _at_least_1(draws=self.draws)


@dataclass(frozen=True)
class Maps:
    """How maps between views are fitted to any encoder; see `probes/consistency.py`.

    dims : of the subspace they work in, the directions in which views of one object differ most
    pairs : of views of each train object; units : hidden units of the nonlinear map
    """

    dims: int
    pairs: int
    units: int

    def __post_init__(self) -> None:
        _at_least_1(dims=self.dims, pairs=self.pairs, units=self.units)


@dataclass(frozen=True)
class Protocol:
    """All settings of the scoring; docs/protocols.md says why they are as they are.

    r2 : the kind of R2 that the protocol's tables print; both are measured
    rotation : what heads learn of a rotation, its matrix or its quaternion with the sign as released
    circular : whether a factor on a circle is learnt as sine and cosine, or as a plain number
    features : whether heads see features standardised with the train split's moments
    batch_norm : the encoder's mode while heads learn; "train" encodes every view anew in every epoch
    pairs : the same pairs of views for every seed, or others; pair_seed : seed of the lists
    val_views : whether questions about one view are put to every val view or to the first of each pair
    val_pairs : pairs of views per val object, drawn with replacement
    known_meshes : whether val objects count whose mesh is in train too
    tune : share of the train objects on which rates and decays are chosen, 0 with nothing to choose
    seeds : how many heads are trained of every kind; values are means over them
    retrieval : whether the source view is one of the questions and answers of MRR, H@k and PRE, as released
    quaternions : the sign of those that predictors are given: w >= 0, or that of the product of the two poses, as the
        SIE scripts give it; a predictor that was trained on the latter gets it whatever the protocol says
    tie : cosines nearer than this rank as equal
    draws, level : bootstrap draws and coverage of the intervals
    rules : in words, what the settings do not say
    heads : by question
    neighbours, few_shot : classification without training; left out without settings
    shares : whether to measure how much of the representation's variance each factor moves
    axes : whether to measure how far single columns stand for single factors
    maps : of group consistency, None where it is not measured
    linear, kernel : of probes that are solved to their optimum, None without them
    """

    name: str
    r2: Literal["mean", "pooled"]
    rotation: Literal["matrix", "quaternion"]
    circular: Literal["sine", "plain"]
    features: Literal["standardised", "as they are"]
    batch_norm: Literal["eval", "train"]
    pairs: Literal["fixed", "fresh"]
    pair_seed: int
    val_views: Literal["all", "one"]
    val_pairs: int
    known_meshes: Literal["left out", "kept"]
    tune: float
    seeds: int
    retrieval: Literal["without the source", "with the source"]
    tie: float
    draws: int
    level: float
    rules: tuple[str, ...]
    heads: dict[str, Head]
    shares: bool
    axes: bool
    neighbours: Neighbours | None = None
    few_shot: FewShot | None = None
    maps: Maps | None = None
    quaternions: Literal["canonical", "as released"] = "canonical"
    linear: Linear | None = None
    kernel: Kernel | None = None

    def __post_init__(self) -> None:
        for name in self.heads:
            if name not in HEADS:
                raise UnknownName("head", name, HEADS, f"protocol {self.name}: ")
        _need(bool(self.name.strip()), "name", repr(self.name), "say something")
        if fault := length_fault(self.name):
            raise InvalidValue(f"name {fault}")
        _at_least_1(val_pairs=self.val_pairs, seeds=self.seeds, draws=self.draws)
        _need(self.pair_seed >= 0, "pair_seed", self.pair_seed, "be at least 0")
        _need(0 < self.level < 1, "level", self.level, "lie between 0 and 1")
        _need(0 <= self.tie <= MOST_TIE, "tie", self.tie, f"lie between 0 and {MOST_TIE}")
        _need(0 <= self.tune < 1, "tune", self.tune, "be a share of the train objects, at least 0 and below 1")
        if not self.tune and any(len(head.grid) > 1 for head in self.heads.values()):
            raise InvalidValue("several rates or decays need objects to choose among them: set tune = 0.125")
        if self.linear is not None or self.kernel is not None:
            self._check_solved()

    def _check_solved(self) -> None:
        """Settings of probes that are solved."""
        if not self.tune:
            raise InvalidValue("the penalties of linear and kernel probes need objects to choose by: set tune = 0.125")
        if self.batch_norm == "train":
            raise InvalidValue('linear and kernel probes need features that stay as they are: set batch_norm = "eval"')
        if (self.rotation, self.circular) != ("matrix", "sine"):
            raise InvalidValue('linear and kernel probes compose views: set rotation = "matrix" and circular = "sine"')

    @property
    def id(self) -> str:
        """The first 12 hexadecimal digits of the SHA-256 over all values."""
        return hashlib.sha256(json.dumps(self.as_dict(), sort_keys=True).encode()).hexdigest()[:12]

    @property
    def train_epochs(self) -> int:
        """Rounds of the train pair list: what the longest training and the kernel probes take."""
        return max([1 if self.kernel is None else self.kernel.pairs, *(head.epochs for head in self.heads.values())])

    def as_dict(self) -> dict[str, Any]:
        """The protocol as plain tables, fit for JSON, without a later setting where it is as it was before."""
        table = dataclasses.asdict(self)
        if self.quaternions == "canonical":
            del table["quaternions"]
        for later in ("linear", "kernel"):
            if table[later] is None:
                del table[later]
        return table


def load(name: str = DEFAULT) -> Protocol:
    """A shipped protocol by name, or one from a TOML file's path; `extends` names one that it changes.

    >>> load().name, load().id == load().id, load().id == load("released").id
    ('converged', True, False)

    Raises
    ------
    SettingError, UnknownName : no such protocol, or an entry in it that is missing, unknown or of the wrong type; or a
        file whose name stands for another protocol.
    """
    found = _read(name)
    if name not in shipped("protocol"):
        _check_name(found, Path(name))
    return found


def _read(name: str) -> Protocol:
    return build(Protocol, extended("protocol", name), called("protocol", name))


def _check_name(found: Protocol, path: Path) -> None:
    """Refuse a file with the name of a shipped protocol, or of the one that it extends, and other settings."""
    base = read_toml(path).get("extends")
    others = [*shipped("protocol"), *([] if base is None else [str(locate("protocol", str(base), path.parent))])]
    for other in map(_read, others):
        if other.name == found.name and other.id != found.id:
            raise SettingError(
                f"{path} makes a protocol called {found.name!r}, as one with other settings is: "
                'give it a name of its own, as in name = "mine"'
            )


def _need(right: bool, key: str, value: object, rule: str) -> None:
    if not right:
        raise InvalidValue(f"{key} must {rule}, not {value}")


def _falling(key: str, grid: tuple[float, ...]) -> None:
    right = grid and all(strong > weak for strong, weak in pairwise(grid)) and grid[-1] > 0 and grid[0] < math.inf
    _need(bool(right), key, list(grid), "be one or more finite penalties above 0, the strongest first")


def _at_least_1(**values: int) -> None:
    for key, value in values.items():
        _need(value >= 1, key, value, "be at least 1")
