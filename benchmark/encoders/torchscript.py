"""TorchScript files: --encoder model.pt, or --encoder torchscript:FILE under another suffix."""

import warnings
from pathlib import Path

import torch

from ..errors import EncoderError, short
from .registry import Arguments, Loaded, loader, named, no_arguments

SUFFIXES = (".pt", ".pth", ".ts", ".torchscript")


@loader("torchscript", claims=lambda spec: Path(spec).suffix in SUFFIXES and Path(spec).is_file())
def load(spec: str, arguments: Arguments) -> Loaded:
    """The module in a file that `torch.jit.save` wrote. Its own normalisation must be part of it.

    Raises
    ------
    EncoderError : no such file, or one of another kind.
    """
    no_arguments(spec, arguments)
    path = Path(spec)
    if not path.is_file():
        raise EncoderError(f"no such file: {path}; `torch.jit.save` makes one")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of the format as a whole, which files outlive
            module = torch.jit.load(str(path), map_location="cpu")  # type: ignore[no-untyped-call]
    except Exception as error:  # a pickle of weights, a damaged archive, operators of another version
        raise EncoderError(
            f"{path} is no TorchScript module ({short(error)}): save it with torch.jit.save, or score bare weights "
            "through a factory of your own or `iebench convert`"
        ) from error
    return Loaded(named(path.stem, {}), module)
