"""Checkpoints in the released repositories' layouts, with random weights, and plain implementations of their heads."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from released import random_like, resnet_shapes
from scipy.spatial.transform import Rotation
from torch import Tensor

from iebench.baselines.action import ROTATION
from iebench.baselines.networks.encoder import MEAN, STD
from iebench.benchmark.errors import ConversionError
from iebench.benchmark.released import converted
from iebench.benchmark.released.names import convert

Shapes = Mapping[str, tuple[int, ...]]
CPU = torch.device("cpu")
NORM = ("weight", "bias", "running_mean", "running_var")
E = 10  # size of the small embedding


def put(path: Path, state: Mapping[str, Tensor], parallel: bool = True, top: bool = False) -> Path:
    """Write a checkpoint as the released repositories do, in float32."""
    prefix = "module." if parallel else ""
    model = {prefix + name: value.float() if value.is_floating_point() else value for name, value in state.items()}
    torch.save(model if top else {"epoch": 3, "model": model, "optimizer": {"state": {}, "param_groups": []}}, path)
    return path


def projector_shapes(inputs: int, outputs: int = E) -> Shapes:
    shapes: dict[str, tuple[int, ...]] = {
        "0.weight": (12, inputs),
        "0.bias": (12,),
        "3.weight": (11, 12),
        "3.bias": (11,),
    }
    for index, width in (("1", 12), ("4", 11)):
        shapes |= {f"{index}.{part}": (width,) for part in NORM} | {f"{index}.num_batches_tracked": ()}
    return {**shapes, "6.weight": (outputs, 11)}


@cache
def sie_state() -> dict[str, Tensor]:
    """Weights of a whole small SIE; a test that changes them takes a copy."""
    shapes = {f"backbone.{name}": shape for name, shape in resnet_shapes((1, 2, 3, 4)).items()}
    for head in ("projector_inv", "projector_equi"):
        shapes |= {f"{head}.{name}": shape for name, shape in projector_shapes(256).items()}
    shapes |= {"predictor.hypernet.net.0.weight": (E * E, 4)}
    return random_like({**shapes, "evaluator.classifier_repr.weight": (55, 512)})


def norm_shapes(name: str, size: int, scaled: bool = True) -> Shapes:
    parts = NORM if scaled else NORM[2:]
    return {**{f"{name}.{part}": (size,) for part in parts}, f"{name}.num_batches_tracked": ()}


def sen_state(method: str, numbers: int, width: int, side: int = 7) -> dict[str, Tensor]:
    """Weights of SEN or EquiMod with small heads; width : of the action's projection, or 0 for none."""
    shapes = {f"encoder.{name}": shape for name, shape in resnet_shapes((2, 3, 4)).items()}
    shapes["encoder.conv1.weight"] = (64, 3, side, side)
    for head in ("projector_equi", "projector_inv")[: 2 if method == "equimod" else 1]:
        for layer, (outputs, inputs) in {"0": (12, 512), "3": (11, 12), "6": (E, 11)}.items():
            shapes[f"{head}.{layer}.weight"] = (outputs, inputs)
            shapes |= norm_shapes(f"{head}.{int(layer) + 1}", outputs, scaled=layer != "6")
    if width:
        shapes |= {"action_proj.0.weight": (width, numbers), **norm_shapes("action_proj.1", width, scaled=False)}
    shapes |= {"predictor.0.weight": (E, (width or numbers) + E), **norm_shapes("predictor.1", E, scaled=False)}
    return random_like({**shapes, "online_linprobe.0.weight": (55, 512), "online_linprobe.0.bias": (55,)})


@cache
def equicaps(capsules: int = 3, pose: int = 3, side: int = 1) -> dict[str, Tensor]:
    """Weights of EquiCaps with few capsules on a small map."""
    numbers, inputs = pose**2, side**2 * capsules
    shapes = {f"backbone.{name}": shape for name, shape in resnet_shapes((1, 2, 3, 4)).items()}
    for kind, size in (("a", capsules), ("pose", capsules * numbers)):
        shapes |= {f"projector.conv_{kind}.weight": (size, 512, 3, 3), **norm_shapes(f"projector.bn_{kind}", size)}
    shapes |= {"projector.fc.W1": (inputs, capsules * numbers, numbers), "projector.fc.W2": (inputs, capsules, numbers)}
    shapes |= {"projector.fc.b2": (1, 1, inputs, capsules), "evaluator.classifier_repr.bias": (55,)}
    return random_like(shapes)


def seqjepa() -> dict[str, Tensor]:
    encoder = resnet_shapes((2, 3, 4))
    shapes = {f"{net}.{name}": shape for net in ("encoder", "target_encoder") for name, shape in encoder.items()}
    rest = {"action_proj.0.weight": (128, 4), "predictor.0.weight": (1024, 768), "agg_token": (1, 1, 640),
            "transformer_encoder.norm.weight": (640,), "online_linprobe.0.bias": (55,)}  # fmt: skip
    return random_like({**shapes, **rest})


def part(state: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}


def seen(images: Tensor, bgr: bool = True) -> Tensor:
    """Return the released network's input for RGB images in [0, 1]: the file's channel order, then normalised."""
    stored = images.double().flip(1) if bgr else images.double()
    return (stored - torch.tensor(MEAN).view(3, 1, 1).double()) / torch.tensor(STD).view(3, 1, 1).double()


def quaternions(latents: Mapping[str, Tensor]) -> Tensor:
    """Return quaternions (B, 4) from the first view to the second as in the released scripts, with either sign of w."""
    poses = [Rotation.from_euler("xyz", np.stack([latents[name][:, k] for name in ROTATION], 1)) for k in range(2)]
    return torch.from_numpy((poses[0].inv() * poses[1]).as_quat())


def hypernetwork(state: Mapping[str, Tensor], action: Tensor, embedding: Tensor, relu: bool = False) -> Tensor:
    """Return W(q) e sample by sample; a linear layer generates W's entries; `relu` stands between two matrices."""
    rows = []
    for code, vector in zip(action, embedding, strict=True):
        z, x = code, vector
        last = 4 if "hypernet.net.4.weight" in state else 0
        for i in range(0, last, 2):
            z = (state[f"hypernet.net.{i}.weight"] @ z).clamp(min=0)
        entries = state[f"hypernet.net.{last}.weight"] @ z
        if len(entries) == E * E:
            x = entries.view(E, E) @ x
        else:
            hidden = len(entries) // (2 * E)
            between = entries[: hidden * E].view(hidden, E) @ x
            x = entries[hidden * E :].view(E, hidden) @ (between.clamp(min=0) if relu else between)
        rows.append(x)
    return torch.stack(rows)


def perceptron(state: Mapping[str, Tensor], action: Tensor, embedding: Tensor) -> Tensor:
    """Return the output of the MLP predictor for [q, e]."""
    x = torch.cat([action, embedding], dim=1) @ state["pred.0.weight"].T + state["pred.0.bias"]
    if "pred.2.weight" in state:
        x = x.clamp(min=0) @ state["pred.2.weight"].T + state["pred.2.bias"]
    return x


def refused(tmp_path: Path, state: dict[str, Tensor]) -> str:
    path = tmp_path / "model.pth"
    with pytest.raises(ConversionError) as error:
        converted.write(tmp_path / "out", convert(state, path), path, negated=False)
    assert not (tmp_path / "out").exists()
    return str(error.value)
