"""What each method is, told by its own file: title, equation, settings, parts, size and cost.

iebench methods
iebench methods --format md --out docs/methods.md
"""

import dataclasses
import inspect
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

from iebench.baselines import variants
from iebench.baselines.action import DIFFERENCES, LABEL, columns
from iebench.baselines.errors import MethodBroken
from iebench.baselines.method import Entry, Method, build, find, names
from iebench.baselines.networks.encoder import EncoderSettings
from iebench.manifests.common.meanings import meanings

from ..errors import short

BATCH, SIDE = 1024, 256  # the paper's batch and resolution, at which costs are counted
YARDSTICK = "simclr"


@dataclass(frozen=True)
class Listed:
    """A method or variant with its default settings and the paper's encoder, batch and resolution.

    about : what it is and whose
    told : what `loss` is told beside the images, such as "rotation"
    parts : name -> dimensions of the representation; the whole one without names
    predictor : size of the embedding that it predicts, None without a predictor
    views : of each object in a step
    encoder, heads : parameters that learn, in the encoder and outside of it
    cost : floating-point operations of a training step, in those of SimCLR's
    """

    entry: Entry
    about: str
    told: str
    parts: dict[str, int]
    predictor: int | None
    views: int
    encoder: int
    heads: int
    cost: float


@cache
def listed(name: str) -> Listed:
    """The facts of a method or variant; nothing is trained and no weight is made.

    Raises
    ------
    UnknownName : there is none of that name.
    """
    entry = find(name)
    method, operations = measure(name)
    parts = {part: columns.stop - columns.start for part, columns in method.parts.items()}
    learning = sum(p.numel() for p in method.parameters() if p.requires_grad)
    encoder = sum(p.numel() for p in method.encoder.parameters())
    return Listed(
        entry=entry,
        about=variants.load()[name].about if name != entry.base else title(entry),
        told=told(method),
        parts=parts or {"whole": method.dim},
        predictor=predicts(method) if method.has_predictor else None,
        views=entry.method.fewest_views,
        encoder=encoder if method.trains else 0,
        heads=learning - encoder,
        cost=operations / measure(YARDSTICK)[1],
    )


@cache
def measure(name: str) -> tuple[Method, int]:
    """A method without weights, and the floating-point operations of its step: forward and backward, counted.

    Those of convolutions and matrix products count, on tensors that have shapes and no contents.
    """
    entry = find(name)
    views = entry.method.fewest_views
    with torch.device("meta"):
        method = build(name, entry.defaults(), EncoderSettings()).train()
        images = torch.empty(BATCH, views, 3, SIDE, SIDE)
    if not method.trains:
        return method, 0
    latents = {latent: torch.zeros(BATCH, views, dtype=torch.float64) for latent in method.latents}
    if LABEL in latents:
        latents[LABEL] = latents[LABEL].long()
    with FlopCounterMode(display=False) as counter:
        torch.autograd.backward(method.loss(images, latents)["loss"])
    return method, int(counter.get_total_flops())


def predicts(method: Method) -> int:
    """The size of the embedding that a method predicts."""
    with torch.device("meta"):
        return int(method.eval().embed(torch.empty(2, method.dim)).shape[1])


def told(method: Method) -> str:
    """What a method is told beside the images, in words; "–" if nothing."""
    words = ["class"] if LABEL in method.latents else []
    rest = tuple(name for name in method.latents if name != LABEL)
    known = {columns(action): action.replace("-", " + ") for action in DIFFERENCES}
    words += [known.get(rest, ", ".join(rest))] if rest else []
    return ", ".join(words) or "–"


def title(entry: Entry) -> str:
    """The first line of a method's file, which says what it is and whose."""
    document = inspect.getdoc(sys.modules[entry.method.__module__])
    return document.splitlines()[0].rstrip(".") if document else entry.name


def settings(entry: Entry) -> list[tuple[str, Any, str]]:
    """Name, default and meaning of each of a method's settings, the meaning from the dataclass's docstring."""
    told = meanings(entry.settings)
    defaults = entry.defaults()
    return [(f.name, getattr(defaults, f.name), told.get(f.name, "")) for f in dataclasses.fields(defaults)]


def everything(chosen: Sequence[str] = ()) -> list[Listed]:
    """The chosen methods and variants, all by default: methods by name, each followed by its variants."""
    found = [listed(name) for name in (chosen or names())]
    return sorted(found, key=lambda row: (row.entry.base, row.entry.name != row.entry.base, row.entry.name))


def whole() -> tuple[list[Listed], list[MethodBroken]]:
    """All methods and variants in that order but those of broken packages, and what is wrong with these."""
    working: list[str] = []
    broken: list[MethodBroken] = []
    for name in names():
        try:
            listed(name)
            working.append(name)
        except MethodBroken as error:
            broken.append(error)
        except Exception as error:  # of somebody else's code, which may do anything with images that are not there
            broken.append(MethodBroken(f"the method {name!r} cannot be sized up without images ({short(error)})"))
    return everything(working), broken


def count(parameters: int) -> str:
    """A number of parameters for people.

    >>> count(11_176_512), count(28_215), count(0)
    ('11.2 M', '28 k', '–')
    """
    if parameters < 100_000:
        return f"{parameters / 1e3:.0f} k" if parameters else "–"
    return f"{parameters / 1e6:.1f} M"
