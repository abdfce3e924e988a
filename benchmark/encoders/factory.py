"""Encoders from Python code: --encoder package.module:factory --encoder-arg depth=50."""

import importlib
import inspect
import json
import re
import sys
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from pathlib import Path
from types import ModuleType

from torch import nn

from iebench.manifests.brief import few
from iebench.manifests.common.progress import say

from ..errors import EncoderError, short
from .registry import Arguments, LoadedEncoder, loader, named, near_scheme

_SPEC = re.compile(r"[\w.]+:\w+|.+\.py:\w+")  # files match too, so that the error explains the right form


@loader("python", claims=lambda spec: _SPEC.fullmatch(spec) is not None)
def load(spec: str, arguments: Arguments) -> LoadedEncoder:
    """Load the module that a callable returns, or a module by its name; the current folder is searched too.

    Arguments are keywords of the callable.

    Attributes of the module that are used: `parts`, `preprocessing` (text, or anything that JSON can hold),
    `training_data` (text), `resolution` (side of its images) and `predict`.

    Raises
    ------
    EncoderError : no such module or callable; it fails or returns no module; or an attribute is invalid.
    """
    module = _call(spec, arguments)
    if not isinstance(module, nn.Module):
        raise EncoderError(f"--encoder {spec} returned {type(module).__name__}: return a torch.nn.Module")
    return declared(named(spec.replace(":", "."), arguments), module, f"--encoder {spec}")


def declared(name: str, module: nn.Module, source: str) -> LoadedEncoder:
    """Return a module with what its attributes `resolution`, `preprocessing` and `training_data` declare.

    source : of the module, for messages

    Raises
    ------
    EncoderError : an attribute is invalid.
    """
    resolution = getattr(module, "resolution", None)
    if not (resolution is None or (isinstance(resolution, int) and resolution >= 1)):
        raise EncoderError(f"{source}: its `resolution` must be a whole number of pixels, not {resolution!r:.80}")
    data = getattr(module, "training_data", "")
    if not isinstance(data, str):
        raise EncoderError(f"{source}: its `training_data` must be text, such as 'ImageNet-1k', not {data!r:.80}")
    return LoadedEncoder(name, module, resolution, preprocessing=_preprocessing(source, module), training_data=data)


def _call(spec: str, arguments: Arguments) -> object:
    module_name, colon, name = spec.partition(":")
    if not (module_name and colon and name):
        raise EncoderError(f"--encoder {spec!r}: write package.module:factory")
    if "" not in sys.path and str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))  # the path of a console script does not contain the current folder
    factory = getattr(_imported(spec, module_name, name), name)
    if not callable(factory):
        raise EncoderError(f"--encoder {spec} is a {type(factory).__name__}: name a callable that returns a module")
    made = isinstance(factory, nn.Module)
    _check_keywords(spec, (lambda: factory) if made else factory, arguments)
    say(f"--encoder {spec} runs code of its author: {getattr(sys.modules[module_name], '__file__', module_name)}")
    if made:
        return factory
    try:
        return factory(**arguments)
    except SystemExit as error:  # else it would end iebench silently
        raise EncoderError(
            f"--encoder {spec} ends the program (exit code {error.code}): let it raise an error"
        ) from error
    except Exception as error:  # foreign code may raise anything
        raise EncoderError(f"--encoder {spec} failed when called ({short(error)}): mend it") from error


def _imported(spec: str, module_name: str, name: str) -> ModuleType:
    """Import the module of a factory, and check that it has a factory of that name."""
    if module_name.endswith(".py"):
        path = Path(module_name).with_suffix("")
        outside = path.is_absolute() or ".." in path.parts  # `import` cannot find it
        words = f"{path.name}:{name} in {path.parent}" if outside else f"{'.'.join(path.parts)}:{name}"
        raise EncoderError(f"--encoder {spec} names a file: write {words}, as for `import`")
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module_name}.".startswith(f"{error.name}."):
            raise EncoderError(
                f"--encoder {spec}: {module_name} imports {error.name!r}, which is missing: install it"
            ) from None
        remedy = near_scheme(spec) or "check the name"
        raise EncoderError(f"--encoder {spec}: no module {error.name!r} here or installed: {remedy}") from None
    except SystemExit as error:  # a script without `if __name__ == "__main__"`
        raise EncoderError(
            f"--encoder {spec}: importing {module_name} ends the program (exit code {error.code}): mend it"
        ) from error
    except Exception as error:  # foreign code may raise anything on import
        raise EncoderError(f"--encoder {spec}: importing {module_name} failed ({short(error)}): mend it") from error
    if not hasattr(module, name):
        public = {known.lower(): known for known, value in vars(module).items() if callable(value) and known[0] != "_"}
        near = " or ".join(public[known] for known in get_close_matches(name.lower(), public))
        remedy = f"did you mean {near}?" if near else "check the name"
        raise EncoderError(f"--encoder {spec}: {module_name} has no {name!r}: {remedy}")
    return module


def _check_keywords(spec: str, factory: Callable[..., object], arguments: Arguments) -> None:
    """Refuse arguments that a factory does not accept or lacks, if its signature lists what it accepts."""
    try:
        parameters = inspect.signature(factory).parameters.values()
    except (TypeError, ValueError):  # something written in C
        return
    named_only = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    for p in parameters:
        if p.kind in named_only and p.default is p.empty and p.name not in arguments:
            raise EncoderError(
                f"--encoder {spec} needs a value of {p.name!r}: give --encoder-arg {p.name}=VALUE, or name a callable "
                "that returns a torch.nn.Module without it"
            )
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
        return
    known = [p.name for p in parameters if p.kind in named_only]
    for name in arguments:
        if name not in known:
            remedy = f"it takes {few(known, 12)}" if known else "it takes none, so leave it out"
            raise EncoderError(f"--encoder {spec} takes no --encoder-arg {name}: {remedy}")


def _preprocessing(source: str, module: nn.Module) -> str:
    declared = getattr(module, "preprocessing", "")
    if isinstance(declared, str):
        return declared
    try:
        return json.dumps(dict(declared) if isinstance(declared, Mapping) else declared, sort_keys=True)
    except (TypeError, ValueError):
        raise EncoderError(
            f"{source}: its `preprocessing` must be text or what JSON can hold, not {declared!r:.120}"
        ) from None
