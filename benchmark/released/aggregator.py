"""Converts seq-JEPA's own networks of hafezgh/seq-jepa: target encoder, action projector, aggregator and predictor."""

from pathlib import Path
from typing import Any

from torch import Tensor

from iebench.baselines.action import DIFFERENCES, size

from ..errors import ConversionError

State = dict[str, Tensor]
ACTION, LAYERS, TARGET = "action_proj.", "transformer_encoder.transformer_encoder.layers.", "target_encoder."
PREFIXES = (ACTION, "predictor.", "agg_token", "transformer_encoder.", TARGET)
NEEDED = ("agg_token", f"{LAYERS}0.norm1.weight", "transformer_encoder.norm.weight", "predictor.3.weight")
NAMES = {LAYERS: "aggregator.layers.", "transformer_encoder.norm.": "aggregator.norm.", ACTION: "action_layer."}
QUATERNION = 4  # the first components of an action


def complete(state: State) -> bool:
    """Check that a checkpoint has aggregator and predictor, and the action projector if these take an action."""
    if not all(name in state for name in NEEDED):
        return False
    inputs, width = state["predictor.0.weight"].shape[-1], state["agg_token"].shape[-1]
    return inputs == width or f"{ACTION}0.weight" in state


def translate(heads: State, backbone: State, bgr: bool, negated: bool, path: Path) -> tuple[str, dict[str, Any], State]:
    """Return the method, its settings, and the tensors by its names; the number of heads, 4, is in no weight.

    backbone : tensors of the encoder in our channel order; they stand for a missing target, which no score depends on

    Raises
    ------
    ConversionError : an action of a size that iebench does not have.
    """
    target = {name.removeprefix(TARGET): value for name, value in heads.items() if name.startswith(TARGET)}
    if bgr and target:
        target["conv1.weight"] = target["conv1.weight"].flip(1)
    ours = {f"target.network.0.backbone.{name}": value.clone() for name, value in (target or backbone).items()}
    ours["aggregator.token"] = heads["agg_token"].flatten()
    for name, value in heads.items():
        prefix = next((known for known in NAMES if name.startswith(known)), "")
        if name != "agg_token" and not name.startswith(TARGET):
            ours[NAMES.get(prefix, "") + name.removeprefix(prefix)] = value
    layers = {name.removeprefix(LAYERS).partition(".")[0] for name in heads if name.startswith(LAYERS)}
    settings: dict[str, Any] = {"layers": len(layers), "hidden": len(heads["predictor.0.weight"]), "action_size": 0}
    if f"{ACTION}0.weight" in heads:
        weight = heads[f"{ACTION}0.weight"].clone()
        numbers = weight.shape[-1]
        action = next((action for action in DIFFERENCES if size(action) == numbers), None)
        if action is None:
            raise ConversionError(f"{path}: {ACTION}0 takes actions of {numbers} numbers, and iebench's have 4, 6 or 8")
        if negated:
            weight[:, :QUATERNION] *= -1
        ours["action_layer.0.weight"] = weight
        settings |= {"action": action, "action_size": len(weight)}
    return "seq-jepa", settings, ours
