"""What is scored: a module from images to representations, out of a run folder or anyone's own code.

iebench score --run runs/sie
iebench score --encoder my_package.models:resnet
iebench score --encoder converted/sie
"""

import hashlib
import importlib
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from iebench.baselines.method import Method
from iebench.manifests.dataset import DatasetInfo

from . import converted, runs
from .config import RunConfig
from .errors import EncoderError, RunError

TRIAL = 4  # noise images whose representations check and identify an encoder


@dataclass(frozen=True)
class Encoder:
    """An encoder with what scoring must know of it; the module is in eval mode and takes no gradients.

    name : for tables; a run's folder name or the factory's
    module : (B, 3, H, W) float32 in [0, 1] -> (B, dim)
    parts : names of slices of the representation, or {}
    resolution : side in pixels of the images it is given
    method : the method when it has a predictor, else None
    weights : SHA-256 of parameters and buffers
    identity : SHA-256 of weights and of the answers to fixed noise, so that changed code counts too
    run : the configuration of the run it comes from, if any
    """

    name: str
    module: nn.Module
    dim: int
    parts: Mapping[str, slice]
    resolution: int
    method: Method | None
    weights: str
    identity: str
    run: RunConfig | None


def from_run(folder: Path, resolution: int | None, device: torch.device) -> Encoder:
    """The encoder of a finished run.

    resolution : side of the images it is given; default: the one it was trained on

    Raises
    ------
    RunError : no run there, or one that is not finished.
    EncoderError : representations of a wrong shape, or not finite.
    """
    method, config = runs.load(folder)
    method.eval().requires_grad_(False).to(device)
    size = resolution or config.resolution
    scorable = method if method.has_predictor else None
    return _checked(folder.resolve().name, method.encoder, method.parts, size, scorable, config, device)


def data_of(folder: Path) -> Path:
    """The dataset that a run was trained on, if it is still where it was.

    Raises
    ------
    RunError : it is gone, or another one lies there now; or there is no run.
    """
    config = RunConfig.load(folder)
    remedy = f"say where it is with `iebench score --run {folder} --data FOLDER`"
    if not config.data.is_dir():
        raise RunError(f"{folder} was trained on {config.data}, which is not there: {remedy}")
    found = DatasetInfo.load(config.data).fingerprint
    if found != config.fingerprint:
        raise RunError(
            f"{folder} was trained on a dataset with fingerprint {config.fingerprint[:12]}, and {config.data} has "
            f"{found[:12]} now: {remedy}"
        )
    return config.data


def from_folder(folder: Path, resolution: int | None, device: torch.device) -> Encoder:
    """The encoder that `iebench convert` wrote.

    resolution : side of the images it is given; default: the one it was trained on

    Raises
    ------
    ConversionError : the folder is damaged.
    EncoderError : representations of a wrong shape, or not finite.
    """
    module, method, size = converted.load(folder)
    network = module if method is None else method
    network.eval().requires_grad_(False).to(device)
    parts = {} if method is None else method.parts
    return _checked(folder.resolve().name, module, parts, resolution or size, method, None, device)


def from_factory(spec: str, resolution: int, device: torch.device) -> Encoder:
    """The encoder that a callable without arguments returns; a `parts` dictionary of slices on it is honoured.

    spec : "package.module:factory", looked up in the current folder too
    resolution : side of the images it is given

    Raises
    ------
    EncoderError : no such module or callable, it fails or returns no module, or its representations have a wrong
        shape or are not finite.
    """
    module = _call(spec)
    if not isinstance(module, nn.Module):
        raise EncoderError(f"--encoder {spec} returned {type(module).__name__}: return a torch.nn.Module")
    module.eval().requires_grad_(False).to(device)
    parts = getattr(module, "parts", {})
    if not (isinstance(parts, Mapping) and all(isinstance(part, slice) for part in parts.values())):
        raise EncoderError(f"--encoder {spec}: its `parts` must map names to slices, not {parts!r}")
    return _checked(spec.replace(":", "."), module, parts, resolution, None, None, device)


def _call(spec: str) -> object:
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
        raise EncoderError(f"--encoder {spec}: importing {place} failed ({_short(error)}): mend it") from error
    if not callable(factory):
        raise EncoderError(f"--encoder {spec} is a {type(factory).__name__}: name a callable that returns a module")
    try:
        return factory()
    except Exception as error:  # anyone's code may fail in any way
        raise EncoderError(f"--encoder {spec} failed when called ({_short(error)}): mend it") from error


def _checked(
    name: str,
    module: nn.Module,
    parts: Mapping[str, slice],
    resolution: int,
    method: Method | None,
    run: RunConfig | None,
    device: torch.device,
) -> Encoder:
    noise = torch.rand(TRIAL, 3, resolution, resolution, generator=torch.Generator().manual_seed(0))
    answers = represent(name, module, noise.to(device))
    dim = answers.shape[1]
    whole = {part: slice(*columns.indices(dim)) for part, columns in parts.items()}
    for part, columns in whole.items():
        if columns.step != 1 or columns.stop <= columns.start:
            raise EncoderError(f"encoder {name}: its part {part!r} takes no columns out of {dim}: mend its `parts`")
    weights = hashlib.sha256()
    for key, value in sorted(module.state_dict().items()):
        weights.update(f"{key} {value.dtype} {tuple(value.shape)}\n".encode())
        weights.update(value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
    identity = hashlib.sha256(weights.digest() + answers.cpu().numpy().tobytes()).hexdigest()
    return Encoder(name, module, dim, whole, resolution, method, weights.hexdigest(), identity, run)


@torch.inference_mode()
def represent(name: str, module: nn.Module, images: Tensor) -> Tensor:
    """The representations (B, D) float32 of images (B, 3, H, W), checked.

    name : the encoder's, for messages

    Raises
    ------
    EncoderError : it fails, or does not return (B, D) finite floats.
    """
    try:
        found = module(images)
    except Exception as error:  # anyone's code may fail in any way
        raise EncoderError(
            f"encoder {name} failed on images {tuple(images.shape)} ({_short(error)}): mend it"
        ) from error
    if not (isinstance(found, Tensor) and found.ndim == 2 and len(found) == len(images) and found.is_floating_point()):
        kind = f"{found.dtype} {tuple(found.shape)}" if isinstance(found, Tensor) else type(found).__name__
        raise EncoderError(
            f"encoder {name} maps images {tuple(images.shape)} to {kind}: it must return floats (B, D), a row an image"
        )
    if not torch.isfinite(found).all():
        raise EncoderError(f"encoder {name} returns values that are not finite: check its weights and normalisation")
    return found.float()


def _short(error: Exception) -> str:
    first = str(error).strip().splitlines()
    return f"{type(error).__name__}: {first[0]}" if first else type(error).__name__
