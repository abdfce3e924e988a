"""TorchScript files: --encoder model.pt, or --encoder torchscript:FILE with another suffix."""

import re
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import torch

from iebench.manifests.common.causes import read_failure

from ..errors import EncoderError
from ..weights.archive import check_sums
from .registry import Arguments, LoadedEncoder, loader, named, no_arguments

SUFFIXES = (".pt", ".pth", ".ts", ".torchscript")
ON_FILES = re.compile(
    rb"\b(?:from_file|load_tensor|read_file|write_file)\b|(?:\.(?:[\s\\]|#[^\n]*\n)*|[\"'])save\b(?=[\"']|[\s\\]*\()"
)
"""Names of TorchScript's operators that read or write files, however they are reached."""
GETATTR = re.compile(rb"\bgetattr\([\w.() ]*, \"[^\"\\\n]*\"\)")
"""An attribute by its name as torch writes it; another form could spell a name that is not seen."""


def _program(spec: str) -> str:
    """Return a noun for the code in a TorchScript file; "" if there is none, as in a file of weights alone."""
    return f"the TorchScript program in {spec}" if any(_code(Path(spec))) else ""


def _code(path: Path) -> Iterator[bytes]:
    """Yield the source files of a TorchScript archive; nothing for other files."""
    with suppress(OSError, zipfile.BadZipFile), zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if name.lower().endswith(".py"):
                yield archive.read(name)


@loader(
    "torchscript",
    claims=lambda spec: Path(spec).suffix in SUFFIXES and Path(spec).is_file(),
    runs_code=lambda spec, arguments: _program(spec),
)
def load(spec: str, arguments: Arguments) -> LoadedEncoder:
    """Load a module that `torch.jit.save` wrote; it must contain its own normalisation.

    Raises
    ------
    EncoderError : no such file, a file of another kind, or a program that reads or writes files.
    """
    no_arguments(spec, arguments)
    path = Path(spec)
    if not path.is_file():
        raise EncoderError(f"no such file: {path}; `torch.jit.save` makes one")
    check_sums(path, EncoderError)
    try:
        _check_no_file_access(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # about TorchScript as a whole, not this file
            module = torch.jit.load(str(path), map_location="cpu")  # type: ignore[no-untyped-call]
    except EncoderError:
        raise
    except Exception as error:  # a pickle of weights, a damaged archive, operators of another version
        remedy = "save it with torch.jit.save, or score bare weights through a factory of your own or `iebench convert`"
        raise EncoderError(read_failure(path, error, remedy, "it is not a TorchScript module")) from error
    return LoadedEncoder(named(path.stem, {}), module)


def _check_no_file_access(path: Path) -> None:
    """Refuse a program with an operator that opens files; before loading, since loading may run a part of it.

    Raises
    ------
    EncoderError : the program has one.
    """
    for source in _code(path):
        if call := ON_FILES.search(source):
            words = re.search(rb"\w+$", call[0])
            raise _on_files(path, words[0].decode() if words else "save")
        if b"getattr" in _without_attributes(source):
            raise _on_files(path, "an attribute by a name that cannot be read")


def _without_attributes(source: bytes) -> bytes:
    """Replace attributes by a plain name, the innermost first, as they nest."""
    count = 1
    while count:
        source, count = GETATTR.subn(b"x", source)
    return source


def _on_files(path: Path, operation: str) -> EncoderError:
    return EncoderError(
        f"{path} uses {operation}, which can open files of this machine: take that out and save it again with "
        "torch.jit.save"
    )
