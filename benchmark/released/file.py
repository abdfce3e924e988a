"""Files of checkpoints: which of what they hold is a network, whatever its names were wrapped in."""

import argparse
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from iebench.manifests.common.causes import read_failure
from iebench.manifests.common.placeholders import placeholder

from ..errors import ConversionError
from ..training.checkpoint import unreadable
from ..weights.archive import check_sums

State = dict[str, Tensor]
WRAPPERS = ("module", "_orig_mod")  # what data-parallel training, torch.compile and averages of weights put into names
FIRST = "conv1.weight"  # of every network that is known
PARENTS = ("", "backbone.", "encoder.")  # of that tensor
DEPTH = 4  # of tables in tables
SCALAR: Any = np.float64(0).__reduce__()[0]  # what numpy's numbers are made with
HARMLESS: list[Any] = [  # what checkpoints hold beside tensors: settings, and numbers of numpy by its old and new names
    argparse.Namespace,
    np.dtype,
    *(type(np.dtype(kind)) for kind in (np.float32, np.float64, np.int32, np.int64)),
    *((SCALAR, f"numpy.{core}.multiarray.scalar") for core in ("core", "_core")),
]


@dataclass(frozen=True)
class Checkpoint:
    """A network in a file.

    name : where it lies, such as "state_dict/model"; "" at the top
    state : its tensors by their names, without wrappers
    beside : name of a part of the same table that is no part of the network -> how many tensors it has
    """

    name: str
    state: State
    beside: dict[str, int]


def read(path: Path, name: str = "") -> Checkpoint:
    """The network in a file of torch.save or of safetensors; runs no pickled code.

    name : of the network, where the file holds several

    Raises
    ------
    ConversionError : no such file, it is damaged or needs code to be read, it holds no tensors by name, or several
        networks of which none was named.
    """
    found = list(_networks(_load(path), ""))
    networks = [network for network in found if _is_known(network.state)] or found[:1]
    if not networks:
        raise ConversionError(f"{path} holds no tensors by name: give a checkpoint that does")
    known = {network.name or "top": network for network in networks}
    choices = ", ".join(f"{place} ({len(network.state)} tensors)" for place, network in known.items())
    if name and name not in known:
        raise ConversionError(f"{path} holds no network {name}: choose from {choices}, with --network")
    if not name and len(known) > 1:
        raise ConversionError(f"{path} holds several networks: choose one of {choices}, with --network")
    return known[name] if name else networks[0]


def _load(path: Path) -> object:
    if not path.is_file():
        raise ConversionError(f"no such file: {path}")
    if path.suffix == ".safetensors":
        try:
            return load_file(path)
        except (SafetensorError, OSError) as error:
            remedy = "copy or download it again"
            raise ConversionError(read_failure(path, error, remedy, "it is damaged, or no safetensors")) from error
    check_sums(path, ConversionError)
    try:
        # a warning of pickle's protocols is no matter here
        with warnings.catch_warnings(action="ignore"), torch.serialization.safe_globals(HARMLESS):
            return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch.load has no error type of its own
        if isinstance(error, OSError) or placeholder(path):
            raise ConversionError(read_failure(path, error, "give another file")) from error
        raise ConversionError(
            f"{path} cannot be read without running code in it, or is damaged ({unreadable(error)}): save its "
            "state_dict alone with torch.save, where you trust it"
        ) from None


def _networks(value: object, name: str, depth: int = DEPTH) -> Iterator[Checkpoint]:
    """Candidates for networks in a table of tables, the outermost first."""
    if not isinstance(value, Mapping) or not depth:
        return
    state = _unwrapped({key: v for key, v in value.items() if isinstance(key, str) and isinstance(v, Tensor)}, name)
    if state:
        yield from _within(state, name)
    for key, inner in value.items():
        yield from _networks(inner, f"{name}/{key}" if name else str(key), depth - 1)


def _within(state: State, name: str, depth: int = DEPTH) -> Iterator[Checkpoint]:
    """The network that a table is, or those whose names share their beginnings in it."""
    parts: dict[str, State] = {}
    for key, value in state.items():
        first, dot, rest = key.partition(".")
        parts.setdefault(first, {})[rest if dot else key] = value
    inner: list[Checkpoint] = []
    if not _is_known(state) and depth:
        for first, part in parts.items():
            found = [n for n in _within(part, f"{name}/{first}" if name else first, depth - 1) if _is_known(n.state)]
            others = {other: len(tensors) for other, tensors in parts.items() if other != first}
            inner += [Checkpoint(n.name, n.state, {**n.beside, **others}) for n in found]
    yield from inner or [Checkpoint(name, state, {})]


def _is_known(state: State) -> bool:
    return any(f"{parent}{FIRST}" in state for parent in PARENTS)


def _unwrapped(state: State, name: str) -> State:
    """Tensors without the wrappers in their names.

    Raises
    ------
    ConversionError : two would then have one name.
    """
    found: State = {}
    for key, value in state.items():
        short = ".".join(part for part in key.split(".") if part not in WRAPPERS)
        if short in found:
            raise ConversionError(f"{name or 'the top'} holds {short} twice, as {key} and in another wrapper: save one")
        found[short] = value
    return found
