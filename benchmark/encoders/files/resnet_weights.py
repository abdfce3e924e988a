"""Bare weights of a ResNet: --encoder FILE.safetensors [--encoder-arg size=224] [--encoder-arg stem=cifar].

The names and shapes of the tensors determine the ResNet, as in torchvision, timm and most repositories of
self-supervised learning: conv1, bn1, layer1.0.conv1, ...
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from iebench.baselines.networks.backbone import Stem
from iebench.baselines.networks.resnet import BasicBlock, Bottleneck, ResNet
from iebench.manifests.brief import few
from iebench.manifests.common.causes import read_failure
from iebench.manifests.conventions import IMAGENET

from ...errors import EncoderError
from ...weights.tensor_file import read
from ...weights.unallocated import unallocated
from ..maps.reader import NetworkMaps
from ..registry import Arguments, LoadedEncoder, loader, named
from .declared import declared

SUFFIX = ".safetensors"
FIRST = "conv1.weight"  # the stem, whose prefix is that of the whole network
INSIDE = re.compile(r"(conv1|bn1|layer[1-4])\.")  # names of a ResNet's own tensors, without its classifier
STEMS: dict[int, tuple[Stem, ...]] = {7: ("imagenet",), 3: ("small", "cifar")}
OPTIONS = ("prefix", "stem")
OURS = "normalise.mean"  # a tensor of the files that iebench writes, which contain the normalisation
UNKNOWN = "num_batches_tracked"  # counts that older files lack, and that change no output


@loader("safetensors", claims=lambda spec: Path(spec).suffix == SUFFIX and Path(spec).is_file())
def load(spec: str, arguments: Arguments) -> LoadedEncoder:
    """Load a ResNet of basic or bottleneck blocks, of any depth and width, without its classifier.

    arguments : prefix, in front of the network's names where a file holds several; stem, "small" (stride 2, no pool) or
        "cifar" (stride 1, no pool) where the first convolution has 3 x 3 weights; size, mean, std and order, see
        `declared`. Default: images of the dataset's side, with the normalisation of ImageNet

    Raises
    ------
    EncoderError : no such file, a file of another kind, or weights of another network.
    """
    path = Path(spec)
    if not path.is_file():
        raise EncoderError(f"no such file: {path}; `safetensors.torch.save_file` makes one")
    try:
        tensors = read(path)
    except Exception as error:  # a damaged file
        raise EncoderError(
            read_failure(path, error, "save it with safetensors.torch.save_file", "it is not a sound safetensors file")
        ) from error
    if any(key.endswith(OURS) for key in tensors):
        raise EncoderError(
            f"{path} was written by iebench: give its folder, {path.parent}, which describes the network"
        )
    weights = _network(path, tensors, arguments.get("prefix"))
    module = _built(path, weights, arguments.get("stem"))
    wants = {name: value for name, value in arguments.items() if name not in OPTIONS}
    note = f"representation: mean of the last map; stem: {arguments.get('stem', STEMS[7][0])}"
    maps = NetworkMaps(module, module)
    return declared(named(path.stem, arguments), module.eval(), wants, path, None, note, IMAGENET, maps)


def _network(path: Path, tensors: Mapping[str, Tensor], prefix: object) -> dict[str, Tensor]:
    """Return the tensors of the one ResNet in a file by its own names."""
    ends = ("layer1.0.conv1.weight", "layer4.0.conv1.weight")
    starts = [key.removesuffix(FIRST) for key in tensors if key.endswith(FIRST)]
    known = [start for start in sorted(starts) if all(start + end in tensors for end in ends)]
    chosen = known if prefix is None else [start for start in known if start.rstrip(".") == str(prefix).rstrip(".")]
    if not known:
        raise EncoderError(
            f"{path} holds no ResNet's weights (conv1.weight, layer1.0.conv1.weight, ...) but {few(sorted(tensors))}: "
            "score it through its package, as hf: or timm:, or a factory of your own"
        )
    if len(chosen) != 1:
        words = ", ".join(f"prefix={start.rstrip('.') or chr(34) * 2}" for start in known)
        raise EncoderError(f"{path} holds the ResNets {words}: choose one with --encoder-arg {words.split(',')[0]}")
    start = chosen[0]
    return {key.removeprefix(start): value for key, value in tensors.items() if key.startswith(start)}


def _built(path: Path, weights: Mapping[str, Tensor], stem: Any) -> ResNet:
    """Build the ResNet that the shapes describe, with these weights."""
    first = tuple(weights[FIRST].shape)
    stems = STEMS.get(first[-1], ()) if len(first) == 4 and first[1] == 3 else ()
    if not stems:
        raise EncoderError(f"{path}: its first convolution is {first}, and a ResNet's is 7 x 7 or 3 x 3 on 3 channels")
    if stem not in (stems if len(stems) > 1 else (None, *stems)):
        words = "--encoder-arg stem=small (stride 2) or stem=cifar (stride 1)" if len(stems) > 1 else "no stem"
        raise EncoderError(f"{path}: its first convolution is {first[-1]} x {first[-1]}, so give {words}")
    block = Bottleneck if "layer1.0.conv3.weight" in weights else BasicBlock
    counts = [len({key.split(".")[1] for key in weights if key.startswith(f"layer{n}.")}) for n in range(1, 5)]
    with unallocated():  # without memory, until all shapes are those of the file
        network = ResNet(
            block,
            (counts[0], counts[1], counts[2], counts[3]),
            first[0] / 64,
            next(s for s in stems if stem in (None, s)),
        )
    own = {key: tuple(value.shape) for key, value in network.state_dict().items()}
    for key, shape in own.items():
        if key not in weights and not key.endswith(UNKNOWN):
            raise EncoderError(f"{path} lacks {key}: give the weights of a whole ResNet")
        if key in weights and tuple(weights[key].shape) != shape:
            raise EncoderError(f"{path}: {key} is {tuple(weights[key].shape)}, and a plain ResNet's is {shape}")
    if beyond := [key for key in weights if INSIDE.match(key) and key not in own]:
        raise EncoderError(f"{path} has, beyond a plain ResNet, {few(sorted(beyond))}: score it through its package")
    complete = {key: weights[key].float() if key in weights else torch.zeros(shape) for key, shape in own.items()}
    network.load_state_dict(complete, assign=True)
    return network
