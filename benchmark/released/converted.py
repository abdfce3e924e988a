"""Converted encoders: folders of two files, encoder.json and encoder.safetensors.

iebench convert model.pth converted/sie
iebench score --encoder converted/sie
"""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from torch import Tensor, nn

from iebench.baselines import method as methods
from iebench.baselines.capsule_method import CapsuleMethod
from iebench.baselines.method import Method, scored
from iebench.baselines.networks.encoder import Encoder, EncoderSettings
from iebench.baselines.several_views import InContextMethod, RotationMethod, SequenceMethod
from iebench.manifests.common.causes import read_failure
from iebench.manifests.common.files import write_atomic
from iebench.manifests.common.settings import build
from iebench.manifests.common.versions import version_fault
from iebench.manifests.errors import UsageError

from ..errors import ConversionError
from ..weights import tensor_file
from ..weights.unallocated import unallocated
from .names import Released

FACTS, WEIGHTS = "encoder.json", "encoder.safetensors"
FORMAT = 1


def fitted(out: Path, released: Released, source: Path) -> tuple[dict[str, Tensor], EncoderSettings, nn.Module]:
    """Check that a checkpoint's tensors are exactly those of its network; returns tensors, encoder and network.

    Raises
    ------
    ConversionError : `out` is not empty, or a tensor does not fit; names the folder or tensor.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ConversionError(f"{out} exists already: choose another folder, or remove it")
    encoder = EncoderSettings(backbone=released.backbone, stem=released.stem)
    first = "backbone.conv1.weight"  # of the encoder, and of a target network
    encoders = dict.fromkeys(["encoder.", *(n.removesuffix(first) for n in released.state if n.endswith(first))])
    statistics = {
        "mean": torch.tensor(released.mean).view(3, 1, 1),
        "std": torch.tensor(released.deviation).view(3, 1, 1),
    }
    state = {f"{prefix}normalise.{name}": value.clone() for prefix in encoders for name, value in statistics.items()}
    state |= released.state
    try:
        network = _network(released.method, released.settings, encoder, state, source)
    except UsageError as error:
        raise ConversionError(f"{source} is not a checkpoint of a network that iebench knows: {error}") from error
    return state, encoder, network


def write(out: Path, released: Released, source: Path, negated: bool) -> nn.Module:
    """Write a converted checkpoint, after checking that its tensors are exactly those of the network; returns that.

    Raises
    ------
    ConversionError : see `fitted`.
    """
    state, encoder, network = fitted(out, released, source)
    facts = {
        "format": FORMAT,
        "method": released.method,
        "method_settings": released.settings,
        "encoder": asdict(encoder),
        "resolution": released.resolution,
        "source": {
            "file": source.name,
            "sha256": hashlib.sha256(source.read_bytes()).hexdigest(),
            "layout": released.layout.name,
            "left_out": released.left_out,
            "channels": "bgr" if released.bgr else "rgb",
            "negated_quaternions": negated,
        },
    }
    tensor_file.write(out / WEIGHTS, state)
    write_atomic(out / FACTS, json.dumps(facts, indent=2) + "\n")
    return network


def scores(network: nn.Module) -> str:
    """Describe in one sentence which scores a converted network has, and which ones its file does not allow."""
    have = {
        "class, pose and factors from the encoder": True,
        "activations and poses of capsules": isinstance(network, CapsuleMethod),
        "rotation between two views without a probe": isinstance(network, RotationMethod),
        "retrieval by a predictor": isinstance(network, Method) and network.has_predictor,
        "aggregates of several views": isinstance(network, SequenceMethod),
        "read-outs in a context": isinstance(network, InContextMethod),
    }
    known, unknown = ([words for words, possible in have.items() if possible is kind] for kind in (True, False))
    return f"scores: {', '.join(known)}; without: {', '.join(unknown)}"


def load(folder: Path) -> tuple[nn.Module, Method | None, int]:
    """Load a converted checkpoint; returns the module to score, its method if it has one, and its resolution.

    Raises
    ------
    ConversionError : a file is missing, damaged, or of another format.
    """
    facts: dict[str, Any] | None = None
    try:
        facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
        if fault := version_fault(
            folder / FACTS, "a converted encoder", facts["format"], FORMAT, "convert the checkpoint again"
        ):
            raise ConversionError(fault)
        encoder = build(EncoderSettings, facts["encoder"], str(folder / FACTS))
        state = tensor_file.read(folder / WEIGHTS)
        network = _network(facts["method"], facts["method_settings"], encoder, state, folder / WEIGHTS)
        resolution = int(facts["resolution"])
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError, UsageError) as error:
        file = folder / (FACTS if facts is None else WEIGHTS)
        raise ConversionError(
            read_failure(file, error, "convert it again", "it is not a whole converted encoder")
        ) from error
    method = network if isinstance(network, Method) else None
    if method is not None:
        method.as_released = True  # it was trained on quaternions with the sign of the product of two poses
    module = scored(method) if method is not None else network.get_submodule("encoder")
    return module, method, resolution


def _network(
    name: str | None, settings: dict[str, Any], encoder: EncoderSettings, state: dict[str, Tensor], source: Path
) -> nn.Module:
    """Build the network with these weights, in eval mode; every tensor must have its place and its shape."""
    with unallocated():  # no initial weights are drawn, since all are loaded
        if name is None:
            network: nn.Module = nn.ModuleDict({"encoder": Encoder(encoder)})
        else:
            network = methods.build(name, build(methods.find(name).settings, settings, str(source)), encoder)
    expected = network.state_dict()
    for key in sorted(state.keys() ^ expected.keys()):
        clause = "lacks" if key in expected else "has a tensor that its network lacks:"
        raise ConversionError(f"{source} {clause} {key}: it is not a checkpoint of a network that iebench knows")
    for key, value in state.items():
        if value.shape != expected[key].shape:
            raise ConversionError(
                f"{source}: {key} is {tuple(value.shape)} and should be {tuple(expected[key].shape)}: it is no "
                "checkpoint of a network that iebench knows"
            )
    network.load_state_dict(state, assign=True)
    return network.eval()
