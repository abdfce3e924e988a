"""Files of checkpoints: finds the network in them, and removes wrappers from its tensors' names."""

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
from . import care

State = dict[str, Tensor]
WRAPPERS = ("module", "_orig_mod")  # added to names by data-parallel training, torch.compile and weight averaging
FIRST = "conv1.weight"  # a tensor of every known network but CARE's for CIFAR
PARENTS = ("", "backbone.", "encoder.", "enc.", care.QUERY)  # prefixes of that tensor
DEPTH = 4  # of nested tables
SCALAR: Any = np.float64(0).__reduce__()[0]  # constructor of NumPy's pickled numbers
HARMLESS: list[Any] = [  # what checkpoints hold beside tensors: settings, and numbers of numpy by its old and new names
    argparse.Namespace,
    np.dtype,
    *(type(np.dtype(kind)) for kind in (np.float32, np.float64, np.int32, np.int64)),
    *((SCALAR, f"numpy.{core}.multiarray.scalar") for core in ("core", "_core")),
]


@dataclass(frozen=True)
class Checkpoint:
    """A network in a checkpoint file.

    name : path inside the file, such as "state_dict/model"; "" at the top level
    state : tensors by name, without wrappers
    beside : name of a part of the same table outside the network -> its number of tensors
    """

    name: str
    state: State
    beside: dict[str, int]


def read(path: Path, name: str = "") -> Checkpoint:
    """Read the network in a file of torch.save or safetensors; pickled code is not executed.

    name : name of the network, if the file holds several

    Raises
    ------
    ConversionError : no such file; it is damaged or needs code to be read; it holds no named tensors, or several
        networks and `name` is "".
    """
    candidates = list(_networks(_load(path), ""))
    networks = [network for network in candidates if _is_known(network.state)] or candidates[:1]
    if not networks:
        raise ConversionError(f"{path} holds no tensors by name: give a checkpoint that does")
    known = {network.name or "top": network for network in networks}
    choices = ", ".join(f"{label} ({len(network.state)} tensors)" for label, network in known.items())
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
        # warnings about pickle's protocols are of no interest
        with warnings.catch_warnings(action="ignore"), torch.serialization.safe_globals(HARMLESS):
            return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch.load has no error class of its own
        if isinstance(error, OSError) or placeholder(path):
            raise ConversionError(read_failure(path, error, "give another file")) from error
        raise ConversionError(
            f"{path} cannot be read without running code in it, or is damaged ({unreadable(error)}): save its "
            "state_dict alone with torch.save, where you trust it"
        ) from None


def _networks(value: object, name: str, depth: int = DEPTH) -> Iterator[Checkpoint]:
    """Yield candidates for networks in nested tables, outermost first."""
    if not isinstance(value, Mapping) or not depth:
        return
    state = _unwrapped({key: v for key, v in value.items() if isinstance(key, str) and isinstance(v, Tensor)}, name)
    if state:
        yield from _within(state, name)
    for key, inner in value.items():
        yield from _networks(inner, f"{name}/{key}" if name else str(key), depth - 1)


def _within(state: State, name: str, depth: int = DEPTH) -> Iterator[Checkpoint]:
    """Yield the table itself as a network, or the networks among its tensors that share a prefix."""
    parts: dict[str, State] = {}
    for key, value in state.items():
        first, dot, rest = key.partition(".")
        parts.setdefault(first, {})[rest if dot else key] = value
    inner: list[Checkpoint] = []
    if not _is_known(state) and depth:
        for first, part in parts.items():
            networks = [n for n in _within(part, f"{name}/{first}" if name else first, depth - 1) if _is_known(n.state)]
            others = {other: len(tensors) for other, tensors in parts.items() if other != first}
            inner += [Checkpoint(n.name, n.state, {**n.beside, **others}) for n in networks]
    yield from inner or [Checkpoint(name, state, {})]


def _is_known(state: State) -> bool:
    return any(f"{parent}{FIRST}" in state for parent in PARENTS) or f"{care.ENCODER}{care.FIRST}" in state


def _unwrapped(state: State, name: str) -> State:
    """Remove the wrappers from the names of tensors.

    Raises
    ------
    ConversionError : two tensors would then have the same name.
    """
    tensors: State = {}
    for key, value in state.items():
        short = ".".join(part for part in key.split(".") if part not in WRAPPERS)
        if short in tensors:
            raise ConversionError(f"{name or 'the top'} holds {short} twice, as {key} and in another wrapper: save one")
        tensors[short] = value
    return tensors
