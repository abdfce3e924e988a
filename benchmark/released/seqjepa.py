"""Converts the heads of hafezgh/seq-jepa's SEN and EquiMod to those of facebookresearch/SIE, which heads.py reads.

Their linear layers have no biases, and their projectors end in a batch norm without scale. The predictor is a linear
layer and such a norm on [P(action), embedding]; P is a linear layer and such a norm on the action. With running
statistics the whole predictor is one linear map, which is the result of the conversion.
"""

from pathlib import Path

import torch
from torch import Tensor

from ..errors import ConversionError

State = dict[str, Tensor]
ACTION = "action_proj."  # the prefix of P
MARK = "predictor.0.weight"  # absent from SIE's predictors
EPSILON = 1e-5  # of its batch norms


def as_released(heads: State, path: Path) -> State:
    """Return the heads by the names of SIE's, with biases of zero and a predictor of one linear layer.

    Raises
    ------
    ConversionError : a part of the predictor is missing or does not fit; names it.
    """
    ours: State = {}
    for name, value in heads.items():
        if name.startswith((ACTION, "predictor.")):
            continue
        ours[name] = value
        layer, _, kind = name.rpartition(".")
        head, _, number = layer.rpartition(".")
        if kind == "weight" and number.isdecimal() and f"{head}.{int(number) + 1}.weight" in heads:
            ours.setdefault(f"{layer}.bias", torch.zeros(len(value)))  # of a linear layer before a norm with a scale
    weight, bias = _predictor(heads, path)
    return {**ours, "predictor.pred.0.weight": weight, "predictor.pred.0.bias": bias}


def _predictor(heads: State, path: Path) -> tuple[Tensor, Tensor]:
    """Return weight (E, actions + E) and bias (E,) of the linear map that a predictor computes."""
    weight, bias = _normed(heads, "predictor.", path)
    columns = len(heads[f"{ACTION}0.weight"]) if f"{ACTION}0.weight" in heads else 0
    if columns:
        first, shift = _normed(heads, ACTION, path)
        if columns >= weight.shape[1]:
            raise ConversionError(f"{path}: {ACTION}0.weight gives {columns} numbers, more than {MARK} takes")
        bias = bias + weight[:, :columns] @ shift
        weight = torch.cat([weight[:, :columns] @ first, weight[:, columns:]], dim=1)
    return weight.float(), bias.float()


def _normed(heads: State, prefix: str, path: Path) -> tuple[Tensor, Tensor]:
    """Combine a linear layer and the batch norm after it to one linear map in float64; returns its weight and bias."""
    names = [f"{prefix}{name}" for name in ("0.weight", "1.running_mean", "1.running_var")]
    for name in names:
        if name not in heads:
            raise ConversionError(f"{path} lacks {name}: leave the heads out with --drop projector_equi")
    weight, mean, variance = (heads[name].double() for name in names)
    if weight.ndim != 2 or not mean.shape == variance.shape == weight.shape[:1]:
        raise ConversionError(
            f"{path}: {names[0]} is {tuple(weight.shape)} and {names[1]} {tuple(mean.shape)}, which do not fit: leave "
            "the heads out with --drop projector_equi"
        )
    strange = [n for n in heads if n.startswith(prefix) and n not in (*names, f"{prefix}1.num_batches_tracked")]
    if strange:
        raise ConversionError(
            f"{path}: {strange[0]} does not belong beside {names[0]}: leave the heads out with --drop"
        )
    scale = (variance + EPSILON).rsqrt()
    return weight * scale[:, None], -mean * scale
