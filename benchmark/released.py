"""Released checkpoints: what they are called inside, and what that is here.

facebookresearch/SIE (model.pth, final_weights.pth), AberdeenML/EquiCaps and hafezgh/seq-jepa. A tensor either has a
place here, or belongs to a part that is known and left out by name; anything else is an error that names it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from .errors import ConversionError
from .released_heads import EQUIVARIANT, INVARIANT, PREDICTOR, State, convert_heads

PARALLEL = "module."  # what distributed training puts before every name


@dataclass(frozen=True)
class Layout:
    """How a repository names things.

    backbone : prefix of the backbone's tensors
    left_out : prefixes of parts that scoring has no use for
    resolution : side in pixels of the images that it trains on
    """

    name: str
    backbone: str
    left_out: tuple[str, ...]
    resolution: int


LAYOUTS = (
    Layout("facebookresearch/SIE or AberdeenML/EquiCaps", "backbone.", ("evaluator.", "projector."), 256),
    Layout(
        "hafezgh/seq-jepa",
        "encoder.",
        ("target_encoder.", "action_proj.", "predictor.", "agg_token", "transformer_encoder.", "online_linprobe.",
         "online_equiprobe.", "rot_regressor.", "rot_abs_regressor.", "lin_rot_regressor.", "lin_rot_abs_regressor.",
         "color_regressor.", "agg_classifier.", "res_classifier."),
        128,
    ),
    Layout("a backbone alone (final_weights.pth)", "", ("fc.",), 256),
)  # fmt: skip


@dataclass(frozen=True)
class Released:
    """A checkpoint in our terms.

    backbone : name of ours that has these weights' layout
    method : "sie" or "equimod" when there is a predictor, else None, with `settings`
    state : tensors by our names, float32
    left_out : name of a part -> how many tensors of it were left out
    """

    layout: Layout
    backbone: str
    method: str | None
    settings: dict[str, Any]
    state: State
    left_out: dict[str, int]


def read(path: Path) -> State:
    """The tensors in a checkpoint by their names, without the prefix of distributed training; runs no pickled code.

    Raises
    ------
    ConversionError : no such file, it is damaged or needs code to be read, or it holds no tensors by name.
    """
    if not path.is_file():
        raise ConversionError(f"no such file: {path}")
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch.load has no error type of its own
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ConversionError(
            f"{path} cannot be read without running code in it, or is damaged ({reason}): save its state_dict alone "
            "with torch.save, where you trust it"
        ) from None
    state = found.get("model", found) if isinstance(found, Mapping) else None
    if not isinstance(state, Mapping) or not state or not all(isinstance(value, Tensor) for value in state.values()):
        raise ConversionError(
            f"{path} holds no tensors by name, at the top or under 'model': give a checkpoint that does"
        )
    parallel = all(name.startswith(PARALLEL) for name in state)
    return {name.removeprefix(PARALLEL) if parallel else name: value for name, value in state.items()}


def convert(state: State, path: Path, drop: tuple[str, ...] = (), bgr: bool = True, negated: bool = False) -> Released:
    """A checkpoint's tensors in our terms.

    path : for messages
    drop : prefixes of further parts to leave out
    bgr : the network saw images with blue first, as the published files are; its first weights are turned to RGB
    negated : the predictor was told quaternions of the other sign, those of scipy before 1.11

    Raises
    ------
    ConversionError : no known layout, or a tensor with no place; names it.
    """
    layout = next((known for known in LAYOUTS if f"{known.backbone}conv1.weight" in state), None)
    if layout is None:
        known = ", ".join(f"{known.backbone}conv1.weight" for known in LAYOUTS)
        raise ConversionError(f"{path} has none of {known}: it is of no layout that iebench knows")
    has_heads = f"{EQUIVARIANT}0.weight" in state
    aside = (*layout.left_out, *drop, *(() if has_heads else (PREDICTOR,)))
    backbone: State = {}
    heads: State = {}
    left_out: dict[str, int] = {}
    for name, value in state.items():
        tensor = value.float() if value.is_floating_point() else value
        part = next((prefix for prefix in aside if name.startswith(prefix)), None)
        if part is not None:
            left_out[part.rstrip(".")] = left_out.get(part.rstrip("."), 0) + 1
        elif has_heads and name.startswith((INVARIANT, EQUIVARIANT, PREDICTOR)):
            heads[name] = tensor
        elif name.startswith(layout.backbone):
            backbone[name.removeprefix(layout.backbone)] = tensor
        else:
            raise ConversionError(
                f"{path} has {name}, which has no place in the layout of {layout.name}: leave its part out with --drop "
                f"{name.partition('.')[0]}, if it is no part of the encoder"
            )
    if bgr:
        backbone["conv1.weight"] = backbone["conv1.weight"].flip(1)
    kind = "resnet18-vicreg" if "layer1.0.downsample.0.weight" in backbone else "resnet18"
    ours = {f"encoder.backbone.{name}": value for name, value in backbone.items()}
    if not has_heads:
        return Released(layout, kind, None, {}, ours, left_out)
    method, settings, placed = convert_heads(heads, backbone["bn1.weight"].numel() * 8, negated, path)
    return Released(layout, kind, method, settings, {**ours, **placed}, left_out)
