"""Registry of encoders: a loader makes a module from the value of --encoder.

A loader is a function registered by `@loader("scheme")`; `--encoder scheme:rest` calls it with the rest. The entry
point group `iebench.encoders` names the module to import for each scheme, so another package can add loaders. A value
without a scheme goes to the loader that claims it: a folder, a file, or `package.module:factory`.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import torch
from torch import nn

from iebench.baselines.method import Method
from iebench.manifests.common.progress import say
from iebench.manifests.common.settings import value
from iebench.manifests.installed.registry import Registry
from iebench.manifests.text.plain_text import check_name

from ..errors import EncoderError, SettingError
from ..results.score import Cost
from ..training.config import RunConfig
from .maps.reader import MapReader
from .predictor import Predictor

Arguments = Mapping[str, Any]
"""Values of --encoder-arg: name -> whole number, float, boolean, list or string."""


@dataclass(frozen=True)
class LoadedEncoder:
    """A loaded module that has not been run yet.

    name : name in tables and, without `home`, of the folder under runs/
    module : (B, 3, H, W) float32 in [0, 1] -> (B, D)
    resolution : side of its images in pixels; None if any is accepted
    fixed : remedy for images of another size than `resolution`, which the module cannot take; "" if it can
    resizes : True if the module enlarges smaller images itself, so that `resolution` is an upper limit
    preprocessing : description of the module's own preprocessing
    training_data : description of the data that trained it; "" if unknown, or if `run` tells
    parts : names of slices of the module's outputs; None: the module's attribute `parts`
    beside : number of columns at the end of D that are not part of the representation, for parts of their own
    predictor : predictor of embeddings; None: the module's own `predict`, if it has one
    method : method whose encoder the module is, for probes of what only some methods have, such as an aggregate
    maps : reader of the module's feature maps; None: the module's own `maps`, if it has one
    run : configuration of the run that trained it
    home : folder for features and score
    cost : cost of training, if known
    counted : False if the module's weights are not parameters, so that their number is unknown
    """

    name: str
    module: nn.Module
    resolution: int | None = None
    fixed: str = ""
    resizes: bool = False
    preprocessing: str = ""
    training_data: str = ""
    parts: Mapping[str, slice] | None = None
    beside: int = 0
    predictor: Predictor | None = None
    method: Method | None = None
    maps: MapReader | None = None
    run: RunConfig | None = None
    home: Path | None = None
    cost: Cost = field(default_factory=Cost)
    counted: bool = True

    def side(self, stored: int) -> int:
        """Return the side of the module's images in pixels, for a dataset with images of side `stored`."""
        side = self.resolution or stored
        return min(side, stored) if self.resizes else side


Load = Callable[[str, Arguments], LoadedEncoder]


@dataclass(frozen=True)
class Scheme:
    """A registered loader.

    claims : True if a value without a scheme belongs to this loader
    runs_code : (rest of the value, arguments) -> a noun for code in a file that loading or encoding executes; "" for
        none. Such a file is loaded only with --trust
    """

    load: Load
    claims: Callable[[str], bool]
    runs_code: Callable[[str, Arguments], str]


TRAINING_DATA = "training_data"
"""Argument that every kind of encoder takes: --encoder-arg training_data=ImageNet-1k."""

SCHEMES: Registry[Scheme] = Registry("encoder", "iebench.encoders", EncoderError)


def loader(
    scheme: str,
    claims: Callable[[str], bool] = lambda spec: False,
    runs_code: Callable[[str, Arguments], str] = lambda spec, arguments: "",
) -> Callable[[Load], Load]:
    """Register a function of (rest of the value, arguments) under a scheme; a decorator. See `Scheme`."""
    return SCHEMES.register(scheme, lambda load: Scheme(load, claims, runs_code))


def load(spec: str, arguments: Arguments, trust: bool = False) -> LoadedEncoder:
    """Load the encoder that a value of --encoder names. Random initial weights come from seed 0.

    spec : "timm:resnet18", a folder, a file, "package.module:factory"
    arguments : arguments for the loader, or for the factory that it calls
    trust : True to load files that may execute code

    Raises
    ------
    EncoderError : no loader claims it, it would execute code without `trust`, or its loader fails.
    UsageError : its name is not allowed in a table.
    """
    if not spec:
        raise EncoderError("--encoder is empty: name an encoder, or leave it out")
    scheme, colon, rest = spec.partition(":")
    if colon and rest and scheme in SCHEMES:
        return _trusted(SCHEMES[scheme], rest, arguments, trust)
    known = SCHEMES.usable()
    for name, entry in known.items():
        if SCHEMES.attempt(name, entry.claims, spec):
            return _trusted(entry, spec, arguments, trust)
    exists = Path(spec).exists()
    fault = "is neither a folder nor a file that iebench knows" if exists else "names no such file or folder"
    remedy = near_scheme(spec) or (
        f"write package.module:factory, or one of {', '.join(f'{name}:...' for name in known)}"
    )
    raise EncoderError(f"--encoder {spec!r} {fault}: {remedy}")


def near_scheme(spec: str) -> str:
    """Suggest the scheme for a misspelt one, as in "tim:resnet18"; "" if none is similar."""
    scheme, colon, rest = spec.partition(":")
    near = get_close_matches(scheme, list(SCHEMES), n=1, cutoff=0.75)
    return f"did you mean {near[0]}:{rest}?" if colon and near else ""


def _trusted(scheme: Scheme, spec: str, arguments: Arguments, trust: bool) -> LoadedEncoder:
    if (code := scheme.runs_code(spec, arguments)) and not trust:
        raise EncoderError(f"{code} is code of its author and runs here: give --trust if you trust where it comes from")
    if code:
        say(f"{code} is code of its author and runs here, as --trust allows")
    own = {name: chosen for name, chosen in arguments.items() if name != TRAINING_DATA}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        loaded = scheme.load(spec, own)
    name = loaded.name.replace("/", "-")  # one folder under runs/, as in "timm.vit/small"
    check_name(name, "the encoder's name")
    return replace(loaded, name=name, training_data=_training_data(loaded, arguments))


def _training_data(loaded: LoadedEncoder, arguments: Arguments) -> str:
    """Return the description of the data that trained an encoder: an argument of every kind, or what it declares."""
    declared = arguments.get(TRAINING_DATA, loaded.training_data)
    if not isinstance(declared, str):
        raise EncoderError(f"--encoder-arg {TRAINING_DATA}={declared!r:.80}: give text, such as ImageNet-1k")
    if loaded.run is not None and declared:
        raise EncoderError(f"--encoder-arg {TRAINING_DATA}: the run's record has its dataset; leave it out")
    return declared


def arguments(assignments: Iterable[str]) -> Arguments:
    """Parse values of --encoder-arg, "name=value" with a value in TOML; a bare word is a string.

    Raises
    ------
    SettingError : no equals sign, a name that is not a Python identifier, or a repeated name.

    >>> arguments(["depth=50", "pool=cls"])
    {'depth': 50, 'pool': 'cls'}
    """
    values: dict[str, Any] = {}
    for assignment in assignments:
        name, equals, text = (part.strip() for part in assignment.partition("="))
        if not (equals and name.isidentifier()):
            raise SettingError(f"--encoder-arg {assignment!r}: write name=value")
        if name in values:
            raise SettingError(f"--encoder-arg {name} is given twice: leave one out")
        values[name] = value(text)
    return values


def no_arguments(spec: str, arguments: Arguments) -> None:
    """Check that a loader without arguments got none.

    Raises
    ------
    EncoderError : it got one.
    """
    for name in arguments:
        raise EncoderError(f"--encoder {spec} takes no --encoder-arg {name}: leave it out")


def named(base: str, arguments: Arguments) -> str:
    """Return a name for tables and folders that contains the arguments.

    >>> named("timm.vit/small", {"depth": 2})
    'timm.vit-small-depth=2'
    """
    full = "-".join([base, *(f"{name}={value}" for name, value in sorted(arguments.items()))])
    return "".join(letter if letter.isalnum() or letter in "._-=," else "-" for letter in full)
