"""Folders with a hubconf.py, as torch.hub reads: --encoder hub:FOLDER:ENTRY, a model by its entry point, offline."""

import importlib.util
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from iebench.manifests.brief import few
from iebench.manifests.conventions import IMAGENET

from ...errors import EncoderError, MissingPart, UnknownName, short
from ..maps.reader import MapReader, NoMaps
from ..preprocess import unfetched
from ..registry import Arguments, LoadedEncoder, loader, named
from .declared import NAMES, declared

HUBCONF = "hubconf.py"
SIDE = 224  # of ImageNet's models, and a multiple of the usual patches of 14 and 16 pixels


@dataclass(frozen=True)
class BlockMaps:
    """Reader of a vision transformer with `get_intermediate_layers`, as DINO's and DINOv2's; a stage is a block."""

    model: Any

    @property
    def stages(self) -> int:
        """Return the number of blocks."""
        return int(getattr(self.model, "n_blocks", 0) or len(self.model.blocks))

    def read(self, images: Tensor, stages: tuple[int, ...]) -> Sequence[Tensor]:
        """Return the maps of the patches' tokens, each through the model's last norm."""
        numbers = sorted(set(stages))
        outputs = self.model.get_intermediate_layers(images, [number - 1 for number in numbers], reshape=True)
        maps = dict(zip(numbers, outputs, strict=True))
        return [maps[stage] for stage in stages]


def _code(spec: str, arguments: Arguments) -> str:
    """Return a noun for the code that loading runs; "" if there is none, which `load` explains."""
    folder, _, _ = spec.rpartition(":")
    return str(Path(folder, HUBCONF)) if Path(folder, HUBCONF).is_file() else ""


@loader("hub", runs_code=_code)
def load(spec: str, arguments: Arguments) -> LoadedEncoder:
    """Load the model of an entry point of a folder's hubconf.py.

    spec : FOLDER:ENTRY
    arguments : size (default 224), mean, std (default those of ImageNet) and order of its images; the rest is passed to
        the entry point, such as pretrained=false

    Raises
    ------
    EncoderError : no such folder, it lacks hubconf.py or its code fails, or the entry point returns no module.
    UnknownName : it has no such entry point.
    MissingPart : a package that hubconf.py names or imports is not installed.
    """
    folder, _, entry = spec.rpartition(":")
    if not folder or not Path(folder, HUBCONF).is_file():
        raise EncoderError(f"--encoder hub:{spec}: write hub:FOLDER:ENTRY, with a FOLDER that holds {HUBCONF}")
    options = {name: value for name, value in arguments.items() if name not in NAMES}
    with _importable(folder):
        make = _entry(Path(folder, HUBCONF), entry)
        try:
            model = make(**options)
        except SystemExit as error:  # else it would end iebench silently
            raise EncoderError(f"--encoder hub:{spec} ends the program: let it raise an error") from error
        except Exception as error:  # foreign code may raise anything
            remedy = "fetch its weights first, or try --encoder-arg pretrained=false"
            raise unfetched(f"hub:{spec}", error, remedy, options) from error
    if not isinstance(model, nn.Module):
        raise EncoderError(f"--encoder hub:{spec} returned {type(model).__name__}: name an entry point of a model")
    wants = {"size": SIDE} | {name: value for name, value in arguments.items() if name in NAMES}
    maps: MapReader = BlockMaps(model) if hasattr(model, "get_intermediate_layers") else NoMaps()
    name = named(f"{Path(folder).resolve().name}.{entry}", arguments)
    return declared(name, model, wants, Path(folder), None, normalisation=IMAGENET, maps=maps)


@contextmanager
def _importable(folder: str) -> Iterator[None]:
    """Let a folder's code import what lies beside it."""
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        sys.path.remove(folder)


def _entry(path: Path, name: str) -> Callable[..., object]:
    """Import a hubconf.py and return one of its entry points.

    Raises
    ------
    MissingPart, EncoderError, UnknownName : as for `load`.
    """
    spec = importlib.util.spec_from_file_location("hubconf", path)
    assert spec is not None and spec.loader is not None  # the file's name ends in .py
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except SystemExit as error:
        raise EncoderError(f"{path} ends the program when it is imported: mend it") from error
    except ModuleNotFoundError as error:
        raise MissingPart(f"{path} imports {error.name}, which is not installed: install it") from None
    except Exception as error:  # foreign code may raise anything
        raise EncoderError(f"{path} cannot be imported ({short(error)}): mend it") from error
    missing = [package for package in getattr(module, "dependencies", ()) if not importlib.util.find_spec(package)]
    if missing:
        raise MissingPart(f"{path} needs {few(missing)}, which is not installed: install it")
    names = [key for key, value in vars(module).items() if callable(value) and not key.startswith("_")]
    if name not in names:
        raise UnknownName(f"entry point of {path}", name, names)
    make: Callable[..., object] = getattr(module, name)
    return make
