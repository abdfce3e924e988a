"""Estimates the memory of scoring before anything is encoded; wide features need much of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import torch

from iebench.baselines.method import Method
from iebench.manifests.brief import number
from iebench.manifests.common.machine import free_memory
from iebench.manifests.dataset import DatasetInfo

from ..errors import ScoringError
from ..fitting.standardise import NUMBERS, ROWS_PER_BLOCK
from ..probes.disentanglement import ROWS
from ..probes.several.sizes import Made, made
from ..protocol import Linear, Protocol
from ..results.score import MOST_BYTES
from ..statistics.resamples import PACKED
from ..statistics.ridge import SIDE, WIDE
from .splits import SMOKE_VIEWS

SINGLE = ("classification", "classification_mlp", "pose")  # heads on one view; all others are on two views
FLOAT, DOUBLE = 4, 8  # bytes
COPIES = 5  # of a head's weights: weights, gradients, two moments of the optimiser, and temporary values
DECOMPOSED = 5  # arrays of rows, or of columns if these are fewer, during a decomposition
BLOCKS = 6  # of features as float64 in one step
ENTRIES, OF_FACTOR = 40, 9  # metrics of a part, and those of each factor; upper limits
RANDOM = 32  # bytes of random numbers per pair of views
VIEWS = 2  # of each class, the least that a linear probe is fitted on
PROGRAM = 700_000_000  # bytes of Python with its libraries, before any data


@dataclass(frozen=True)
class Sizes:
    """Sizes that determine the memory.

    train, val : objects; views : per object; widths : of all parts, the whole first
    factors : factors of the recipe
    made : features that probes make of several views
    """

    train: int
    val: int
    views: int
    classes: int
    widths: tuple[int, ...]
    factors: int = 7
    made: tuple[Made, ...] = ()

    @staticmethod
    def of(info: DatasetInfo, limit: int | None, widths: Sequence[int]) -> "Sizes":
        """Read the sizes of a dataset; limit : number of objects per split in a smoke run."""
        train, val = (int(info.counts[split]["objects"]) for split in ("train", "val"))
        views, classes = info.recipe.views, int(info.counts["classes"])
        factors = len(info.recipe.factors)
        if limit is None:
            return Sizes(train, val, views, classes, tuple(widths), factors)
        return Sizes(min(train, limit), min(val, limit), min(views, SMOKE_VIEWS), classes, tuple(widths), factors)

    @property
    def entries(self) -> int:
        """Upper limit of the number of metrics of all parts."""
        return (ENTRIES + OF_FACTOR * self.factors) * len(self.widths)


def footprint(protocol: Protocol, sizes: Sizes) -> dict[str, int]:
    """Estimate the bytes of each step of a score, by the step's name; the steps run one after another."""
    width, classes = sizes.widths[0], sizes.classes
    rows = sizes.train * sizes.views
    kept = min(SIDE, rows)
    square = DOUBLE * (width**2 if width <= WIDE else kept**2 + kept * width // 2)  # of products, or rows of float32
    steps = {"heads": COPIES * FLOAT * sum(_weights(protocol, part, classes) for part in sizes.widths)}
    if protocol.linear is not None:
        steps["linear probes"] = DOUBLE * sum(_solved(protocol.linear, rows, part) for part in sizes.widths)
    if protocol.neighbours is not None:
        gallery = sizes.train * min(protocol.neighbours.views, sizes.views)
        steps["neighbours"] = 3 * FLOAT * gallery * width
    if protocol.few_shot is not None:
        steps["few shots"] = 2 * FLOAT * len(protocol.few_shot.shots) * protocol.few_shot.draws * classes * width
    if protocol.shares:
        steps["shares"] = 2 * DOUBLE * (sizes.val + 2 * classes) * width
    if protocol.axes:
        seen = min(rows, ROWS if width <= WIDE else SIDE)
        importances = 2 * FLOAT * (1 + sizes.factors) * sizes.val * width
        values = 2 * DOUBLE * seen if width <= WIDE else 2 * FLOAT * seen
        steps["axes"] = importances + 3 * square + values * width
    if protocol.maps is not None:
        steps["maps"] = 3 * square
    for kind in sizes.made:
        heads = COPIES * FLOAT * _weights(protocol, kind.width, classes)
        solved = DOUBLE * _solved(protocol.linear, sizes.train * kind.train, kind.width) if protocol.linear else 0
        numbers = (sizes.train * kind.train + sizes.val * kind.val) * kind.columns
        steps[kind.name] = FLOAT * numbers + max(heads, solved)
    return steps


def lists(protocol: Protocol, sizes: Sizes) -> dict[str, int]:
    """Estimate the bytes that settings of a protocol need at any width, by the setting with most influence."""
    rounds = max(protocol.train_epochs, protocol.maps.pairs if protocol.maps else 0)
    pairs = 2 * DOUBLE * (sizes.train * rounds + sizes.val * protocol.val_pairs)
    longest = "val_pairs" if sizes.val * protocol.val_pairs > sizes.train * rounds else "epochs and pairs"
    steps = {
        "draws": DOUBLE * protocol.draws * (sizes.val + sizes.entries),
        longest: pairs + RANDOM * max(rounds, protocol.val_pairs),
        "seeds": DOUBLE * protocol.seeds * (sizes.val + sizes.entries),
    }
    if protocol.kernel is not None:
        side = sizes.widths[0] + max(protocol.kernel.units, protocol.kernel.pair_units)
        steps["units of its kernel probes"] = 2 * DOUBLE * side**2
    if protocol.maps is not None:
        steps["units of its maps"] = 2 * DOUBLE * (protocol.maps.units + min(protocol.maps.dims, sizes.widths[0])) ** 2
    return steps


def check_settings(protocol: Protocol, sizes: Sizes) -> None:
    """Refuse a protocol that needs more than the free memory, or more bootstrap samples than a score file may hold.

    A limit that leaves nothing to fit on is refused too.

    Raises
    ------
    ScoringError : names the setting, the memory it needs, and the free memory.
    """
    steps, free = lists(protocol, sizes), free_memory()
    step = max(steps, key=steps.__getitem__)
    if PROGRAM + steps[step] > free:
        raise ScoringError(
            f"the protocol {protocol.name} takes about {number((PROGRAM + steps[step]) / 1e9)} GB for {sizes.train} "
            f"train and {sizes.val} val objects, most for its {step}, and {free / 1e9:.1f} GB are free: lower {step}"
        )
    packed = round(PACKED * protocol.draws * sizes.entries)
    if packed > MOST_BYTES:
        raise ScoringError(
            f"the protocol {protocol.name} has draws={number(protocol.draws)} bootstrap samples, which take about "
            f"{number(packed / 1e6)} MB in a score file, and such a file has at most {MOST_BYTES / 1e6:.0f} MB: lower "
            "draws"
        )
    least = VIEWS * sizes.classes * sizes.widths[0]
    if protocol.linear is not None and protocol.linear.numbers < least:
        raise ScoringError(
            f"the protocol {protocol.name} fits classes on {protocol.linear.numbers:,} numbers, and {VIEWS} views of "
            f"each of {sizes.classes} classes have {least:,}: raise numbers in [linear]"
        )


def check(
    protocol: Protocol, info: DatasetInfo, limit: int | None, widths: Sequence[int], device: torch.device,
    method: Method | None = None,
) -> None:  # fmt: skip
    """Refuse features that are too wide, or settings that are too large, for the free memory, before any work.

    widths : columns of the whole representation and of its parts
    method : method whose encoder is scored, which may make features of several views

    Raises
    ------
    ScoringError : more memory is needed than is free; names the step that needs most.
    """
    sizes = Sizes.of(info, limit, widths)
    sizes = replace(sizes, made=tuple(made(method, protocol, sizes.views)))
    check_settings(protocol, sizes)
    steps = footprint(protocol, sizes)
    blocks = BLOCKS * DOUBLE * min(NUMBERS, ROWS_PER_BLOCK * widths[0]) + PROGRAM
    places = {"": (blocks, free_memory(), [*steps])}
    if device.type == "cuda":
        on_gpu = [step for step in steps if step in ("heads", "linear probes", "neighbours", "few shots")]
        places = {
            "": (blocks, free_memory(), [step for step in steps if step not in on_gpu]),
            " of the GPU": (0, torch.cuda.mem_get_info(device)[0], on_gpu),
        }
    for where, (base, free, names) in places.items():
        step = max(names, key=steps.__getitem__, default=None)
        if step is not None and base + steps[step] > free:
            raise ScoringError(
                f"{widths[0]:,} columns of {sizes.train} train and {sizes.val} val objects x {sizes.views} views take "
                f"about {(base + steps[step]) / 1e9:.1f} GB{where} to score by the protocol {protocol.name} (most for "
                f"its {step}), and {free / 1e9:.1f} GB are free: score fewer columns, such as features that are pooled "
                "or projected, or fewer objects with --limit"
            )


def _solved(settings: Linear, rows: int, width: int) -> int:
    """Count the numbers in memory for linear probes of a part: two decompositions, and the views to classify."""
    kept = min(rows, settings.side) if width > settings.side else rows
    smaller = min(kept, width)
    return DECOMPOSED * smaller * width + 2 * smaller**2 + 2 * min(settings.numbers, rows * width)


def _weights(protocol: Protocol, width: int, classes: int) -> int:
    """Count the weights of all heads on a part with that many columns."""
    total = 0
    for name, head in protocol.heads.items():
        layers = (width * (1 if name in SINGLE else 2), *head.hidden, classes if name == "classification" else 9)
        numbers = sum(inputs * outputs for inputs, outputs in pairwise(layers))
        total += numbers * len(head.grid) * protocol.seeds
    return total
