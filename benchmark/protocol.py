"""The protocol: every choice that decides a score, as data. Two scores may be compared when their ids are equal."""

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from typing import Any

RULES = (
    "the encoder runs in eval mode, once per view; probes see its cached features",
    "features are standardised with the train split's mean and deviation, column by column",
    "probes train on the train split and are scored on val at their last epoch; nothing is chosen on val",
    "an epoch takes one fixed pair of distinct views per object; classification takes its first view",
    "probes train with Adam from PyTorch's default weights, its rate falls linearly to 0; batches nearly equal",
    "top-k counts every val image; tied logits count as a random order would",
    "the rotation target is the relative quaternion with the sign of the product of the two poses (as released)",
    "colour targets are plain differences of floor_hue and light_hue, without wrap-around",
    "retrieval: source view 0, all views of the object are queries and gallery, cosine, mean rank over ties",
    "PRE: nearest neighbour by cosine among all val embeddings, first of equals",
    "intervals: percentiles of a bootstrap over val objects",
)


@dataclass(frozen=True)
class Training:
    """How one kind of head is trained: epochs of one sample per object, Adam's first rate, batch, L2 weight decay."""

    epochs: int
    lr: float
    batch: int
    weight_decay: float


@dataclass(frozen=True)
class Protocol:
    """All settings of the scoring. The heads are those of Garrido et al. (2023); what differs is said in README.md.

    hidden : widths of the two-view heads' hidden layers
    val_pairs : pairs of views per val object, drawn with replacement
    pair_seed : seed of the pair lists, which thus do not depend on the probes' seed
    tie : cosines nearer than this rank as equal (float32 cannot tell them apart)
    draws, level : bootstrap draws and coverage of the intervals
    """

    name: str = "pairs-1"
    classification: Training = Training(epochs=100, lr=1e-2, batch=256, weight_decay=0.0)
    rotation: Training = Training(epochs=100, lr=1e-3, batch=256, weight_decay=0.0)
    colour: Training = Training(epochs=100, lr=1e-3, batch=256, weight_decay=0.0)
    hidden: tuple[int, ...] = (1024, 1024)
    val_pairs: int = 16
    pair_seed: int = 0
    tie: float = 1e-6
    draws: int = 1000
    level: float = 0.95
    rules: tuple[str, ...] = RULES

    @property
    def id(self) -> str:
        """The first 12 hexadecimal digits of the SHA-256 over all values.

        >>> Protocol().id == Protocol().id, Protocol().id == Protocol(val_pairs=3).id
        (True, False)
        """
        return hashlib.sha256(json.dumps(self.as_dict(), sort_keys=True).encode()).hexdigest()[:12]

    @property
    def train_epochs(self) -> int:
        """Rounds of the train pair list: what the longest training takes."""
        return max(task.epochs for task in (self.classification, self.rotation, self.colour))

    def as_dict(self) -> dict[str, Any]:
        """The protocol as plain tables, fit for JSON."""
        return dataclasses.asdict(self)
