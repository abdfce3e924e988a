"""Converts the capsule projector of AberdeenML/EquiCaps to our names.

Its routing has weights for every position of the map, so it reads maps of one size: that of its training images.
"""

import math
from pathlib import Path
from typing import Any

from torch import Tensor

from ..errors import ConversionError

State = dict[str, Tensor]
PROJECTOR = "projector."
PREFIXES = (PROJECTOR,)
STRIDE = 32  # pixels of an image for each position of the map
POSES = {9: 3, 16: 4}  # numbers of a pose -> side of its matrix
NORM = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
NAMES = {"conv_a": "activation.0", "bn_a": "activation.1", "conv_pose": "pose.0", "bn_pose": "pose.1"}
ROUTING = {"fc.W1": "votes", "fc.W2": "routes", "fc.b2": "bias"}
NEEDED = (
    "conv_a.weight", "conv_pose.weight", *(f"{norm}.{kind}" for norm in ("bn_a", "bn_pose") for kind in NORM), *ROUTING,
)  # fmt: skip
REMEDY = f"leave the capsules out with --drop {PROJECTOR.rstrip('.')}"


def complete(state: State) -> bool:
    """Check that a checkpoint has the capsule projector."""
    return all(f"{PROJECTOR}{name}" in state for name in NEEDED)


def check_whole(state: State, path: Path) -> None:
    """Check that a checkpoint has all of the capsule projector or nothing of it.

    Raises
    ------
    ConversionError : a part of it is missing; names it.
    """
    missing = [f"{PROJECTOR}{name}" for name in NEEDED if f"{PROJECTOR}{name}" not in state]
    if missing and len(missing) < len(NEEDED):
        raise ConversionError(f"{path} has capsules and lacks {', '.join(missing)}: give a whole file, or {REMEDY}")


def translate(heads: State, dim: int, path: Path) -> tuple[str, dict[str, Any], State]:
    """Return the method, its settings, and the tensors by its names.

    dim : channels of the map

    Raises
    ------
    ConversionError : an unknown tensor, or one that does not fit the others; names it.
    """
    tensors = {name.removeprefix(PROJECTOR): value for name, value in heads.items()}
    if strange := sorted(tensors.keys() - set(NEEDED)):
        raise ConversionError(f"{path}: {PROJECTOR}{strange[0]} is not part of capsules: {REMEDY}")
    settings = _settings(tensors, path)
    capsules, numbers = settings["capsules"], settings["pose"] ** 2
    inputs = settings["side"] ** 2 * capsules
    shapes: dict[str, tuple[int, ...]] = {
        "conv_a.weight": (capsules, dim, 3, 3),
        "conv_pose.weight": (capsules * numbers, dim, 3, 3),
        "fc.W1": (inputs, capsules * numbers, numbers),
        "fc.W2": (inputs, capsules, numbers),
        "fc.b2": (1, 1, inputs, capsules),
    }
    for norm, size in (("bn_a", capsules), ("bn_pose", capsules * numbers)):
        shapes |= {f"{norm}.{kind}": (size,) for kind in NORM[:-1]} | {f"{norm}.{NORM[-1]}": ()}
    ours: State = {}
    for name, value in tensors.items():
        if value.shape != shapes[name]:
            raise ConversionError(
                f"{path}: {PROJECTOR}{name} is {tuple(value.shape)} and should be {shapes[name]}, for {capsules} "
                f"capsules with poses of {numbers} numbers: {REMEDY}"
            )
        layer, _, kind = name.rpartition(".")
        ours[f"capsule_projector.{ROUTING.get(name) or f'{NAMES[layer]}.{kind}'}"] = value
    ours["capsule_projector.bias"] = ours["capsule_projector.bias"].flatten(0, 2).clone()
    return "equicaps", settings, ours


def _settings(tensors: State, path: Path) -> dict[str, Any]:
    """Return number of capsules, side of a pose matrix and side of the map, as the sizes of tensors show them."""
    for name, kind in (("conv_a.weight", 4), ("conv_pose.weight", 4), ("fc.W1", 3)):
        if tensors[name].ndim != kind or not tensors[name].numel():
            raise ConversionError(
                f"{path}: {PROJECTOR}{name} is {tuple(tensors[name].shape)} and should have {kind} axes, none of them "
                f"empty: {REMEDY}"
            )
    capsules, numbers = len(tensors["conv_a.weight"]), tensors["fc.W1"].shape[2]
    if numbers not in POSES:
        raise ConversionError(
            f"{path}: {PROJECTOR}fc.W1 is for poses of {numbers} numbers, and iebench's are matrices of 3 x 3 or "
            f"4 x 4: {REMEDY}"
        )
    inputs = len(tensors["fc.W1"])
    side = math.isqrt(inputs // capsules)
    if side * side * capsules != inputs:
        raise ConversionError(
            f"{path}: {PROJECTOR}fc.W1 has {inputs} capsules before the routing, which are not a square map with "
            f"{capsules} at each position: {REMEDY}"
        )
    return {"capsules": capsules, "pose": POSES[numbers], "side": side}
