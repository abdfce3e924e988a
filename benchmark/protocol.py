"""The protocol: every choice that affects a score, as data.

Two scores are comparable if their protocol ids are equal.

The shipped protocols are files of iebench.manifests.protocols; `iebench score --protocol FILE` reads another one.
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
"""Names of the heads that a protocol may contain; `probes/heads.py` has their tasks."""
MOST_TIE = 0.01
"""Largest tolerance for ties.

Cosines that differ by more are distinct; a wider tie would make retrieval meaningless.
"""


@dataclass(frozen=True)
class Head:
    """Architecture and training of the heads of one kind.

    hidden : widths of the hidden layers, empty for a linear head
    epochs : passes over the train objects; batch : objects per step
    lr, weight_decay : values for AdamW; every combination is trained, and the best on the tuning objects is used
    schedule : learning rate over the epochs: constant, or falling linearly to 0
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
        _need(bool(right), "lr", list(self.lr), "be one or more finite learning rates above 0")
        right = self.weight_decay and all(0 <= decay < math.inf for decay in self.weight_decay)
        _need(bool(right), "weight_decay", list(self.weight_decay), "be one or more finite numbers of at least 0")

    @property
    def grid(self) -> tuple[tuple[float, float], ...]:
        """Return the combinations of learning rate and weight decay."""
        return tuple(product(self.lr, self.weight_decay))


@dataclass(frozen=True)
class Linear:
    """Linear probes of single views, solved to their optimum; see `probes/linear.py`.

    ridge, logistic : penalties to select from, in falling order; the constant prediction, an infinite penalty, is
        always included
    gradient : logistic regression stops when no entry of the gradient is larger; see `logistic.py`
    numbers : largest number of feature values for logistic regression, such as 2**26; with more, it uses fewer views of
        each object, then fewer objects
    side : side of the largest matrix that is decomposed; features with more columns are fitted on at most as many views
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
    """Nonlinear probes, solved to their optimum; see `probes/kernel.py`.

    ridge : penalties to select from, in falling order; the constant prediction, an infinite penalty, is always included
    units, pair_units : number of random Fourier features added to those of one view, and to those of two views
    pairs : pairs of views per train object for regressions on pairs
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
    """Nearest-neighbour classification: k train views, among `views` of each object, vote exp(cosine / temperature).

    k : number of votes; temperature : smaller gives near views more weight
    views : views of each train object that may vote
    """

    k: int
    temperature: float
    views: int

    def __post_init__(self) -> None:
        _at_least_1(k=self.k, views=self.views)
        _need(0 < self.temperature < math.inf, "temperature", self.temperature, "be finite and above 0")


@dataclass(frozen=True)
class FewShot:
    """Classification from a few objects per class: `shots` objects, drawn `draws` times.

    shots : numbers of objects per class; draws : number of random choices of these objects
    """

    shots: tuple[int, ...]
    draws: int

    def __post_init__(self) -> None:
        known = (1, 5, 10)
        _need(set(self.shots) <= set(known), "shots", list(self.shots), f"be among {known}")
        _at_least_1(draws=self.draws)


@dataclass(frozen=True)
class Maps:
    """Maps between views that are fitted to any encoder; see `probes/consistency.py`.

    dims : dimensions of the maps' subspace, the directions in which views of one object differ most
    pairs : pairs of views per train object; units : hidden units of the nonlinear map
    """

    dims: int
    pairs: int
    units: int

    def __post_init__(self) -> None:
        _at_least_1(dims=self.dims, pairs=self.pairs, units=self.units)


@dataclass(frozen=True)
class Protocol:
    """All settings of scoring; docs/background/protocols.md gives the reasons.

    name : name in tables and messages
    r2 : the kind of R2 in the protocol's tables; both kinds are measured
    rotation : target of the rotation heads: the matrix, or the quaternion with the sign of the released code
    circular : target for a circular factor: sine and cosine, or the plain number
    features : input of the heads: features standardised with the train split's moments, or raw features
    batch_norm : the encoder's mode while heads are trained; "train" encodes every view again in every epoch
    pairs : the same pairs of views for every seed, or new ones per seed; pair_seed : seed of the lists of pairs
    val_views : val views for probes of a single view: every view, or the first view of each pair
    val_pairs : pairs of views per val object, drawn with replacement
    known_meshes : treatment of val objects whose mesh is in train too: left out or kept
    tune : fraction of the train objects that selects learning rates and weight decays; 0 if there is nothing to select
    seeds : number of heads trained of each kind; values are means over them
    retrieval : whether the source view is one of the queries and candidates of MRR, H@k and PRE, as in the released
        code
    quaternions : sign of the predictors' quaternions: w >= 0, or the sign of the product of the two poses, as in the
        SIE scripts; a predictor trained with the latter gets it under any protocol
    tie : cosines that differ by less than this have equal rank
    draws, level : number of bootstrap samples and coverage of the intervals
    rules : statements of what the settings do not contain
    heads : settings of the heads, by name
    neighbours, few_shot : settings of classification without training; not measured without settings
    shares : whether to measure each factor's fraction of the representation's variance
    axes : whether to measure how well single columns represent single factors
    maps : settings of group consistency; None if it is not measured
    linear, kernel : settings of probes that are solved to their optimum; None for none
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
        _need(0 <= self.tune < 1, "tune", self.tune, "be a fraction of the train objects, at least 0 and below 1")
        if not self.tune and any(len(head.grid) > 1 for head in self.heads.values()):
            raise InvalidValue("several learning rates or weight decays need tuning objects: set tune = 0.125")
        if self.linear is not None or self.kernel is not None:
            self._check_solved()

    def _check_solved(self) -> None:
        """Check the settings of probes that are solved."""
        if not self.tune:
            raise InvalidValue("the penalties of linear and kernel probes need tuning objects: set tune = 0.125")
        if self.batch_norm == "train":
            raise InvalidValue(
                'linear and kernel probes need the features of one fixed encoder: set batch_norm = "eval"'
            )
        if (self.rotation, self.circular) != ("matrix", "sine"):
            raise InvalidValue('linear and kernel probes compose views: set rotation = "matrix" and circular = "sine"')

    @property
    def id(self) -> str:
        """Return the first 12 hexadecimal digits of the SHA-256 over all values."""
        return hashlib.sha256(json.dumps(self.as_dict(), sort_keys=True).encode()).hexdigest()[:12]

    @property
    def train_epochs(self) -> int:
        """Number of rounds of the train pair list: the maximum of the heads' epochs and the kernel probes' pairs."""
        return max([1 if self.kernel is None else self.kernel.pairs, *(head.epochs for head in self.heads.values())])

    def as_dict(self) -> dict[str, Any]:
        """Return the protocol as plain tables for JSON; settings added later are left out at their defaults."""
        table = dataclasses.asdict(self)
        if self.quaternions == "canonical":
            del table["quaternions"]
        for later in ("linear", "kernel"):
            if table[later] is None:
                del table[later]
        return table


def load(name: str = DEFAULT) -> Protocol:
    """Load a shipped protocol by name, or one from the path of a TOML file, which may extend another protocol.

    >>> load().name, load().id == load().id, load().id == load("released").id
    ('converged', True, False)

    Raises
    ------
    SettingError, UnknownName : no such protocol; an entry that is missing, unknown or of the wrong type; or a file
        whose name is that of another protocol.
    """
    protocol = _read(name)
    if name not in shipped("protocol"):
        _check_name(protocol, Path(name))
    return protocol


def _read(name: str) -> Protocol:
    return build(Protocol, extended("protocol", name), called("protocol", name))


def _check_name(protocol: Protocol, path: Path) -> None:
    """Refuse a file that has the name of a shipped protocol, or of the one it extends, and other settings."""
    base = read_toml(path).get("extends")
    others = [*shipped("protocol"), *([] if base is None else [str(locate("protocol", str(base), path.parent))])]
    for other in map(_read, others):
        if other.name == protocol.name and other.id != protocol.id:
            raise SettingError(
                f"{path} has the name {protocol.name!r} of a protocol with other settings: "
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
