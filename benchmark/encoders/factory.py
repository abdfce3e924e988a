"""Anyone's own code: --encoder package.module:factory --encoder-arg depth=50."""

import importlib
import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from torch import nn

from ..errors import EncoderError, short
from .registry import Arguments, Loaded, loader, named

_SPEC = re.compile(r"[\w.]+:\w+")


@loader("python", claims=lambda spec: _SPEC.fullmatch(spec) is not None)
def load(spec: str, arguments: Arguments) -> Loaded:
    """The module that a callable returns, looked up in the current folder too; arguments are its keywords.

    Attributes of the module that are honoured: `parts`, `preprocessing` (text, or what JSON can hold), `resolution`
    (the side of the images it wants) and `predict`.

    Raises
    ------
    EncoderError : no such module or callable, it fails or returns no module, or an attribute is not what it must be.
    """
    module = _call(spec, arguments)
    if not isinstance(module, nn.Module):
        raise EncoderError(f"--encoder {spec} returned {type(module).__name__}: return a torch.nn.Module")
    resolution = getattr(module, "resolution", None)
    if not (resolution is None or (isinstance(resolution, int) and resolution >= 1)):
        raise EncoderError(f"--encoder {spec}: its `resolution` must be a whole number of pixels, not {resolution!r}")
    name = named(spec.replace(":", "."), arguments)
    return Loaded(name, module, resolution, preprocessing=_preprocessing(spec, module))


def _call(spec: str, arguments: Arguments) -> object:
    place, colon, name = spec.partition(":")
    if not (place and colon and name):
        raise EncoderError(f"--encoder {spec!r}: write package.module:factory")
    if "" not in sys.path and str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))  # a console script does not look into the current folder by itself
    try:
        factory = getattr(importlib.import_module(place), name)
    except ModuleNotFoundError as error:
        raise EncoderError(f"--encoder {spec}: no module {error.name!r} here or installed: check the name") from None
    except AttributeError:
        raise EncoderError(f"--encoder {spec}: {place} has no {name!r}: check the name") from None
    except Exception as error:  # anyone's code may fail in any way while it is imported
        raise EncoderError(f"--encoder {spec}: importing {place} failed ({short(error)}): mend it") from error
    if not callable(factory):
        raise EncoderError(f"--encoder {spec} is a {type(factory).__name__}: name a callable that returns a module")
    try:
        return factory(**arguments)
    except Exception as error:  # anyone's code may fail in any way
        raise EncoderError(f"--encoder {spec} failed when called ({short(error)}): mend it") from error


def _preprocessing(spec: str, module: nn.Module) -> str:
    declared = getattr(module, "preprocessing", "")
    if isinstance(declared, str):
        return declared
    try:
        return json.dumps(dict(declared) if isinstance(declared, Mapping) else declared, sort_keys=True)
    except (TypeError, ValueError):
        raise EncoderError(
            f"--encoder {spec}: its `preprocessing` must be text or what JSON can hold, not {declared!r}"
        ) from None
