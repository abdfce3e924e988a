"""The catalogue of methods, read from their files: title, equation, settings, parts, size and cost.

iebench methods
iebench methods --format md --out docs/reference/methods.md
"""

import dataclasses
import inspect
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from torch.overrides import TorchFunctionMode
from torch.utils.flop_counter import FlopCounterMode

from iebench.baselines import variants
from iebench.baselines.action import DIFFERENCES, LABEL, OBJECT, columns
from iebench.baselines.errors import MethodBroken
from iebench.baselines.method import Entry, Method, build, find, names
from iebench.baselines.needs import Needs
from iebench.baselines.networks.encoder import EncoderSettings
from iebench.manifests.common.meanings import meanings

from ..errors import short
from ..weights.unallocated import unallocated

BATCH, SIDE = 1024, 256  # the batch and resolution of the SIE paper, for which costs are counted
YARDSTICK = "simclr"
UNCOUNTED = (torch.nn.functional.batch_norm, torch.nn.functional.relu, torch.relu, torch.Tensor.relu)


@dataclass(frozen=True)
class Listed:
    """Facts about a method or variant with its default settings and the SIE paper's encoder, batch and resolution.

    about : title, with the source in the literature
    condition : labels or action that `loss` needs beside the images, such as "rotation"
    parts : name -> dimensions; {"whole": dimensions} for a representation without
        parts, and before parts beside it
    predictor : size of the predicted embedding, None without a predictor
    needs : needs of the pictures
    encoder, heads : number of trained parameters in the encoder and outside it
    cost : floating-point operations of a training step, relative to SimCLR's
    """

    entry: Entry
    about: str
    condition: str
    parts: dict[str, int]
    predictor: int | None
    needs: Needs
    encoder: int
    heads: int
    cost: float


@cache
def listed(name: str) -> Listed:
    """Return the facts of a method or variant, without training and without memory for weights.

    Raises
    ------
    UnknownName : there is no such method or variant.
    """
    entry = find(name)
    method, operations = measure(name)
    parts = {part: columns.stop - columns.start for part, columns in method.parts.items()}
    learning = sum(p.numel() for p in method.parameters() if p.requires_grad)
    encoder = sum(p.numel() for p in method.encoder.parameters())
    return Listed(
        entry=entry,
        about=variants.load()[name].about if name != entry.base else title(entry),
        condition=condition(method),
        parts=parts if parts and not method.beside else {"whole": method.dim, **parts},
        predictor=predicts(method) if method.has_predictor else None,
        needs=entry.needs(entry.defaults()),
        encoder=encoder if method.trains else 0,
        heads=learning - encoder,
        cost=operations / measure(YARDSTICK)[1],
    )


@cache
def measure(name: str) -> tuple[Method, int]:
    """Build a method without weights, and count the floating-point operations of its step, forward and backward.

    Convolutions and matrix products are counted, on tensors that have shapes and no contents.
    """
    entry = find(name)
    views = entry.needs(entry.defaults()).views
    with unallocated():
        method = build(name, entry.defaults(), EncoderSettings()).train()
        images = torch.empty(BATCH, views, 3, SIDE, SIDE)
    if not method.trains:
        return method, 0
    latents = {latent: torch.zeros(BATCH, views, dtype=torch.float64) for latent in method.latents}
    latents |= {name: latents[name].long() for name in (LABEL, OBJECT) if name in latents}
    with FlopCounterMode(display=False) as counter, _WithoutUncounted():
        torch.autograd.backward(method.loss(images, latents)["loss"])
    return method, int(counter.get_total_flops())


class _WithoutUncounted(TorchFunctionMode):
    """Skips batch norms and ReLUs, whose operations are not counted: they would take most of the time."""

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        return args[0] if func in UNCOUNTED else func(*args, **kwargs or {})


def predicts(method: Method) -> int:
    """Return the size of the embedding that a method predicts."""
    with torch.device("meta"):
        return int(method.eval().embed(torch.empty(2, method.dim + method.beside)).shape[1])


def condition(method: Method) -> str:
    """Describe the labels or the action that a method needs beside the images; "–" if none."""
    words = [word for word, name in (("class", LABEL), ("object", OBJECT)) if name in method.latents]
    rest = tuple(name for name in method.latents if name not in (LABEL, OBJECT))
    known = {columns(action): action.replace("-", " + ") for action in DIFFERENCES}
    words += [known.get(rest, ", ".join(rest))] if rest else []
    return ", ".join(words) or "–"


def title(entry: Entry) -> str:
    """Return the first line of the docstring of a method's file."""
    document = inspect.getdoc(sys.modules[entry.method.__module__])
    return document.splitlines()[0].rstrip(".") if document else entry.name


def settings(entry: Entry) -> list[tuple[str, Any, str]]:
    """Return name, default and meaning of each of a method's settings; meanings are from the dataclass's docstring."""
    known = meanings(entry.settings)
    defaults = entry.defaults()
    return [(f.name, getattr(defaults, f.name), known.get(f.name, "")) for f in dataclasses.fields(defaults)]


def everything(chosen: Sequence[str] = ()) -> list[Listed]:
    """Return the chosen methods and variants, default all: methods by name, each followed by its variants."""
    rows = [listed(name) for name in (chosen or names())]
    return sorted(rows, key=lambda row: (row.entry.base, row.entry.name != row.entry.base, row.entry.name))


def installed() -> tuple[list[Listed], list[MethodBroken]]:
    """Return all working methods and variants in the order of `everything`, and the errors of broken packages."""
    working: list[str] = []
    broken: list[MethodBroken] = []
    for name in names():
        try:
            listed(name)
            working.append(name)
        except MethodBroken as error:
            broken.append(error)
        except Exception as error:  # foreign code may raise anything on tensors without contents
            broken.append(MethodBroken(f"the method {name!r} cannot be measured without images ({short(error)})"))
    return everything(working), broken


def count(parameters: int) -> str:
    """Format a number of parameters.

    >>> count(11_176_512), count(28_215), count(0)
    ('11.2 M', '28 k', '–')
    """
    if parameters < 100_000:
        return f"{parameters / 1e3:.0f} k" if parameters else "–"
    return f"{parameters / 1e6:.1f} M"
