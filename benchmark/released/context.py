"""Converts the decoder of Sharut/In-Context-Symmetries (ContextSSL) and its head for latents, to our names."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..errors import ConversionError

State = dict[str, Tensor]
DECODER, REGRESSOR, BLOCKS = "predictor.", "aug_predictor.", "predictor.transformer.h."
PREFIXES = (DECODER, REGRESSOR)
NEEDED = (f"{DECODER}_read_in.weight", f"{DECODER}_read_out.weight", f"{BLOCKS}0.ln_1.weight", f"{REGRESSOR}4.weight")
PARTS = {
    "ln_1": "norm1", "attn.c_attn": "attention", "attn.c_proj": "merge", "ln_2": "norm2", "mlp.c_fc": "widen",
    "mlp.c_proj": "narrow",
}  # fmt: skip
NAMES = {"_read_in": "read_in", "_read_out": "read_out", "transformer.ln_f": "norm"}
NUMBERS = 6  # of an action: a quaternion and two differences of hues
QUATERNION = 4


def complete(state: State) -> bool:
    """Check that a checkpoint has the decoder and the head for latents."""
    return all(name in state for name in NEEDED)


def translate(heads: State, dim: int, negated: bool, path: Path) -> tuple[str, dict[str, Any], State]:
    """Return the method, its settings, and the tensors by its names; the number of heads, 4, is in no weight.

    dim : dimension of the representation

    Raises
    ------
    ConversionError : a decoder without actions, or an unknown tensor; names it.
    """
    read_in = heads[f"{DECODER}_read_in.weight"].clone()
    if read_in.shape[-1] != dim + NUMBERS:
        raise ConversionError(
            f"{path}: {DECODER}_read_in takes {read_in.shape[-1]} numbers and a token has {dim + NUMBERS}, "
            f"representation and action: leave the decoder out with --drop {DECODER.rstrip('.')}"
        )
    if negated:
        read_in[:, dim : dim + QUATERNION] *= -1
    ours = {_ours(name, path): value for name, value in heads.items()} | {"decoder.read_in.weight": read_in}
    blocks = {name.removeprefix(BLOCKS).partition(".")[0] for name in heads if name.startswith(BLOCKS)}
    hidden = [len(ours[f"regressor.{layer}.weight"]) for layer in (0, 2)]
    settings: dict[str, Any] = {"width": len(read_in), "layers": len(blocks), "hidden": hidden}
    ours |= {name: torch.zeros((), dtype=torch.int64) for name in ("start", "done")}  # of the draws in training
    return "contextssl", settings, ours


def _ours(name: str, path: Path) -> str:
    layer, _, kind = name.rpartition(".")
    if layer.startswith(REGRESSOR):
        return f"regressor.{layer.removeprefix(REGRESSOR)}.{kind}"
    inside = layer.removeprefix(DECODER)
    if layer.startswith(BLOCKS):
        number, _, part = layer.removeprefix(BLOCKS).partition(".")
        if part in PARTS:
            return f"decoder.blocks.{number}.{PARTS[part]}.{kind}"
    elif inside in NAMES:
        return f"decoder.{NAMES[inside]}.{kind}"
    raise ConversionError(f"{path}: {name} does not fit the decoder: leave it out with --drop {name}")
