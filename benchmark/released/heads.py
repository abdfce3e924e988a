"""Converts the heads of facebookresearch/SIE's checkpoints: projectors and predictor, to our names and settings."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor

from iebench.baselines.action import DIFFERENCES, size

from ..errors import ConversionError

State = dict[str, Tensor]
Images = Literal["cifar10", "cifar100", "stl10"]
INVARIANT, EQUIVARIANT, PREDICTOR = "projector_inv.", "projector_equi.", "predictor."  # names in the checkpoint
FINAL = "running_mean"  # a tensor of the last batch norm of a projector
QUATERNION = 4  # the first components of an action


@dataclass(frozen=True)
class Unseen:
    """Facts about a checkpoint that its weights do not show.

    hidden : widths between the matrices of a hypernetwork with several
    relu : True for a ReLU between these matrices; None if unknown
    images : images that CARE was trained on; None if unknown
    """

    hidden: tuple[int, ...] = ()
    relu: bool | None = None
    images: Images | None = None


ALL_SEEN = Unseen()


def convert_heads(
    heads: State, dim: int, negated: bool, unseen: Unseen, path: Path
) -> tuple[str, dict[str, Any], State]:
    """Return the method with these heads ("sie", "equimod" or "sen"), its settings, and the tensors by its names.

    dim : dimension of the representation
    negated : True if the predictor was trained with quaternions of the opposite sign
    unseen : facts that the weights do not show

    Raises
    ------
    ConversionError : a tensor does not fit a projector or predictor; names it.
    """
    ours: State = {}
    for head, prefix in ((INVARIANT, "invariant_projector."), (EQUIVARIANT, "equivariant_projector.")):
        ours |= {prefix + name.removeprefix(head): v for name, v in heads.items() if name.startswith(head)}
    layers = _layers(ours, "equivariant_projector.", EQUIVARIANT, path)
    widths, inputs = [int(value.shape[0]) for value in layers], int(layers[0].shape[1])
    if inputs > dim:
        raise ConversionError(f"{path}: {EQUIVARIANT}0.weight takes {inputs} numbers and a representation has {dim}")
    tensors = {name.removeprefix(PREDICTOR): value for name, value in heads.items() if name.startswith(PREDICTOR)}
    if "pred.0.weight" in tensors:
        predictor, numbers, settings = _perceptron(tensors, widths[-1], negated, path)
    else:
        predictor, numbers, settings = _hypernetwork(tensors, widths[-1], negated, unseen, path)
    action = next((action for action in DIFFERENCES if size(action) == numbers), None)
    if action is None:
        raise ConversionError(f"{path}: its predictor takes actions of {numbers} numbers, and iebench's have 4, 6 or 8")
    ours |= {f"predictor.{name}": value for name, value in predictor.items()}
    settings |= {"projector": widths, "action": action}
    invariant = "invariant_projector.0.weight" in ours
    if f"equivariant_projector.{3 * len(layers) - 2}.{FINAL}" in ours:
        return "equimod" if invariant else "sen", {**settings, "projector_norm": True}, ours
    if invariant and inputs == dim:
        return "equimod", settings, ours
    if invariant:  # the released code scales its widths with the split
        others = [int(value.shape[0]) for value in _layers(ours, "invariant_projector.", INVARIANT, path)]
        settings |= {"invariant_projector": others if others != widths else []}
    return "sie", {**settings, "equivariant": inputs / dim}, ours


def _layers(ours: State, prefix: str, released_prefix: str, path: Path) -> list[Tensor]:
    """Return the weights of a projector's linear layers, every third module.

    prefix : of the names of its tensors; released_prefix : the same in the released file, for messages
    """
    projector = {name.removeprefix(prefix): value for name, value in ours.items() if name.startswith(prefix)}
    numbers = [name.partition(".")[0] for name in projector]
    last = max((int(number) for number in numbers if number.isdecimal()), default=0)
    return [_matrix(projector, f"{number}.weight", released_prefix, path) for number in range(0, last + 1, 3)]


def _matrix(tensors: State, name: str, prefix: str, path: Path) -> Tensor:
    """Return the weight of a linear layer, checked to be a matrix; prefix : of its name in the checkpoint."""
    value, remedy = tensors.get(name), f"leave the heads out with --drop {EQUIVARIANT.rstrip('.')}"
    if value is None:
        raise ConversionError(f"{path} lacks {prefix}{name}: {remedy}")
    if value.ndim != 2 or not value.numel():
        raise ConversionError(
            f"{path}: {prefix}{name} is {tuple(value.shape)} and should be (outputs, inputs): {remedy}"
        )
    return value


def _perceptron(tensors: State, embedding: int, negated: bool, path: Path) -> tuple[State, int, dict[str, Any]]:
    """Convert an MLP on [action, embedding]: returns its tensors, the size of an action, and its settings."""
    for name in tensors:
        if name.endswith(".weight"):
            _matrix(tensors, name, PREDICTOR, path)
    ours = {name.replace("pred.", "layers.", 1): value.clone() for name, value in tensors.items()}
    if negated:
        ours["layers.0.weight"][:, :QUATERNION] *= -1
    widths = [int(value.shape[0]) for value in ours.values() if value.ndim == 2]
    numbers = int(ours["layers.0.weight"].shape[1]) - embedding
    return ours, numbers, {"predictor": "mlp", "predictor_hidden": widths[:-1]}


def _hypernetwork(
    tensors: State, embedding: int, negated: bool, unseen: Unseen, path: Path
) -> tuple[State, int, dict[str, Any]]:
    """Convert a hypernetwork, as `_perceptron`; its matrices, rows of one linear layer, become separate tensors."""
    deep = "hypernet.net.4.weight" in tensors
    known = {f"hypernet.net.{i}.weight" for i in ((0, 2, 4) if deep else (0,))}
    if strange := sorted(tensors.keys() - known):
        raise ConversionError(f"{path}: {PREDICTOR}{strange[0]} does not fit a hypernetwork without biases")
    for name in sorted(known):
        _matrix(tensors, name, PREDICTOR, path)
    generated = tensors[f"hypernet.net.{4 if deep else 0}.weight"]  # (entries of all matrices, numbers)
    entries, numbers = generated.shape
    sizes = [embedding, *unseen.hidden, embedding]
    shapes = list(zip(sizes[1:], sizes[:-1], strict=True))  # (outputs, inputs) of each matrix
    if sum(outputs * (inputs + 1) for outputs, inputs in shapes) == entries:
        raise ConversionError(
            f"{path}: {PREDICTOR}hypernet generates biases for its matrices (--bias-pred), which iebench's has not: "
            f"leave the heads out with --drop {EQUIVARIANT.rstrip('.')}"
        )
    if sum(rows * columns for rows, columns in shapes) != entries:
        raise ConversionError(
            f"{path}: {PREDICTOR}hypernet generates {entries} entries and matrices of {'-'.join(map(str, sizes))} have "
            f"{sum(rows * columns for rows, columns in shapes)}: give the widths between them with --predictor, as in "
            "its training"
        )
    if unseen.hidden and unseen.relu is None:
        raise ConversionError(
            f"{path}: its weights do not show whether a ReLU lies between the generated matrices: add --predictor-relu "
            "if its training had that, or --no-predictor-relu"
        )
    blocks = torch.split(generated, [rows * columns for rows, columns in shapes])
    matrices = [b.view(*s, numbers).permute(2, 0, 1).clone() for b, s in zip(blocks, shapes, strict=True)]
    rework = {f"rework.{i}.weight": tensors[f"hypernet.net.{i}.weight"].clone() for i in (0, 2)} if deep else {}
    if negated:
        for first in [rework["rework.0.weight"].T] if deep else matrices:
            first[:QUATERNION] *= -1
    settings: dict[str, Any] = {"predictor": "deep" if deep else "linear", "predictor_hidden": list(unseen.hidden)}
    if unseen.relu:
        settings |= {"predictor_relu": True}
    if not deep and not unseen.hidden:
        return {"weight": matrices[0]}, numbers, settings
    return {**rework, **{f"chain.{i}.weight": matrix for i, matrix in enumerate(matrices)}}, numbers, settings
