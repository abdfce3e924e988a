"""Registry of wrappers: `iebench score --wrap NAME` puts one in front of an encoder.

A wrapper is a function registered by `@wrapper("name")`; it takes what it may use, a `Wrapping`, and returns the module
that takes the encoder's place. The entry point group `iebench.wrappers` names the module to import for each wrapper.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from iebench.manifests.installed.registry import Registry

from ...errors import EncoderError
from ...results.score import Cost
from ..prepared import declared_parts
from ..registry import LoadedEncoder


@dataclass(frozen=True)
class Wrapping:
    """The inputs of a wrapper.

    encoder : the encoder to wrap; name : of the wrapper
    rest : text after the wrapper's name and a colon, "" for none: `mean:runs/b,runs/c`
    pictures : number -> so many pictures of the train split, (n, 3, S, S) float32 in [0, 1], of any side
    trust : True to load further encoders that may execute code
    """

    encoder: LoadedEncoder
    name: str
    rest: str
    pictures: Callable[[int], Tensor]
    trust: bool = False

    def without_rest(self) -> None:
        """Check that a wrapper without arguments got none.

        Raises
        ------
        EncoderError : it got one.
        """
        if self.rest:
            raise EncoderError(f"--wrap {self.name} takes nothing after its name: leave out :{self.rest:.60}")


@dataclass(frozen=True)
class Wrapped:
    """The module that takes an encoder's place.

    module : (B, 3, H, W) float32 in [0, 1] -> (B, D)
    about : what happens to a picture, as a clause for the score file
    parts : names of slices of the module's outputs; None for those of the encoder
    beside : columns at the end of D that are not part of the representation; None for those of the encoder
    cost : cost of training all that is in the module; None for that of the encoder
    """

    module: nn.Module
    about: str
    parts: Mapping[str, slice] | None = None
    beside: int | None = None
    cost: Cost | None = None


WRAPPERS: Registry[Callable[[Wrapping], Wrapped]] = Registry("wrapper", "iebench.wrappers", EncoderError)


def wrapper(name: str) -> Callable[[Callable[[Wrapping], Wrapped]], Callable[[Wrapping], Wrapped]]:
    """Register a function of a `Wrapping` under `name`; a decorator."""
    return WRAPPERS.register(name)


def wrap(encoder: LoadedEncoder, spec: str, pictures: Callable[[int], Tensor], trust: bool = False) -> LoadedEncoder:
    """Put the wrapper that a value of --wrap names in front of an encoder.

    The result has no predictor, since a predictor moves the embeddings that it was trained with, and no maps.

    spec : NAME, or NAME:REST; pictures, trust : see `Wrapping`

    Raises
    ------
    UnknownName : no such wrapper.
    EncoderError : the wrapper refuses the encoder or its arguments, or fails.
    """
    name, _, rest = spec.partition(":")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        wrapped = WRAPPERS.call(name, WRAPPERS[name], Wrapping(encoder, name, rest, pictures, trust))
    parts = declared_parts(encoder.name, encoder.module) if encoder.parts is None else encoder.parts
    return replace(
        encoder,
        name=f"{encoder.name}+{name}",
        module=wrapped.module,
        preprocessing="; ".join(filter(None, (wrapped.about, encoder.preprocessing))),
        parts=parts if wrapped.parts is None else wrapped.parts,
        beside=encoder.beside if wrapped.beside is None else wrapped.beside,
        cost=encoder.cost if wrapped.cost is None else wrapped.cost,
        predictor=None,
        method=None,
        maps=None,
        run=None,
        home=None,
    )
