"""Optional parts of iebench: the extra that installs each module, and the message for a missing module."""

import sys
from importlib.util import find_spec

from ..common.causes import reason
from ..errors import MissingPart

EXTRA_OF = {
    "bpy": "render", "trimesh": "render", "pebble": "render", "OpenEXR": "render", "DracoPy": "render",
    "mapbox_earcut": "render",
    "matplotlib": "render", "simplejpeg": "render",  # [train] installs these two as well
    "torch": "train", "safetensors": "train", "tensorboard": "train",
    "ray": "ray", "submitit": "slurm", "fsspec": "cloud", "huggingface_hub": "cloud",
    "timm": "timm", "torchvision": "torchvision", "transformers": "hf",
    "onnxruntime": "onnx", "open_clip": "open_clip",
    "wandb": "wandb", "trackio": "trackio",
}  # fmt: skip
BLENDER_PYTHONS = ("3.11", "3.13")


def missing_part(module: str, cause: Exception | None = None) -> MissingPart:
    """Return the error for a module that is not installed, or that could not be loaded because of `cause`."""
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    if cause is not None:  # the module is there, but the system lacks a library
        why = reason(cause, "a library that it needs is missing")
        return MissingPart(f"{module} cannot be loaded ({why}): install that system library, or run `make setup`")
    if module == "bpy" and python not in BLENDER_PYTHONS:
        known = " and ".join(BLENDER_PYTHONS)
        return MissingPart(f"Blender comes as bpy for Python {known} and this is Python {python}: use one of those")
    extra = command(EXTRA_OF[module]) if module in EXTRA_OF else f"install {module}"
    return MissingPart(f"this command needs {module}: {extra}")


def command(extra: str) -> str:
    """Return the command that installs an extra.

    >>> command("train")
    "pip install 'iebench[train]'"
    """
    return f"pip install 'iebench[{extra}]'"


def missing_extras(modules: tuple[str, ...]) -> tuple[str, ...]:
    """Return the extras of those modules that are not installed; imports nothing."""
    return tuple(EXTRA_OF[module] for module in modules if find_spec(module) is None)


def require(module: str) -> None:
    """Check that an optional module is installed, without importing it.

    Raises
    ------
    MissingPart : it is not installed; the message says how to install it.
    """
    if find_spec(module) is None:
        raise missing_part(module)


def require_plots() -> None:
    """Check that a program of the user's own can draw results.

    Raises
    ------
    MissingPart : matplotlib is not installed.
    """
    if find_spec("matplotlib") is None:
        raise MissingPart(f"plots need matplotlib: {command('train')}, or install matplotlib")
