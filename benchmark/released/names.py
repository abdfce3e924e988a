"""Names in released checkpoints, and their conversion to ours.

Covers facebookresearch/SIE (model.pth, final_weights.pth), AberdeenML/EquiCaps, hafezgh/seq-jepa, ContextSSL's
Sharut/In-Context-Symmetries, and Sharut/CARE. Every tensor is either converted, or belongs to a known part that is left
out; any other tensor is an error that names it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from torch import Tensor

from iebench.baselines.networks.backbone import Stem
from iebench.baselines.networks.encoder import MEAN, STD
from iebench.manifests.conventions import IMAGENET

from ..errors import ConversionError
from . import aggregator, capsules, care, context
from .heads import ALL_SEEN, EQUIVARIANT, INVARIANT, PREDICTOR, State, Unseen, convert_heads
from .seqjepa import ACTION, MARK, as_released

HEAD_PREFIXES = (INVARIANT, EQUIVARIANT, PREDICTOR)
BACKBONE = ("conv1", "bn1", "layer1", "layer2", "layer3", "layer4")  # first parts of the names of a ResNet's tensors
DIM = 512  # dimension of the representation of networks with heads
COUNTER = "num_batches_tracked"  # a batch norm's counter, the only whole number


@dataclass(frozen=True)
class Layout:
    """The names in a repository's checkpoints.

    backbone : prefix of the backbone's tensors
    left_out : prefixes of parts that scoring does not need
    resolution : side of its training images in pixels
    first : name of the backbone's first tensor
    bgr : True if its training images have blue first, as 3DIEBench's published ones have
    mean, deviation : normalisation of its images, by channel in their order
    """

    name: str
    backbone: str
    left_out: tuple[str, ...]
    resolution: int
    first: str = "conv1.weight"
    bgr: bool = True
    mean: tuple[float, ...] = MEAN
    deviation: tuple[float, ...] = STD


CARE = Layout("Sharut/CARE", care.ENCODER, (care.HEAD,), care.RESOLUTION, care.FIRST, bgr=False)
CARE_IMAGENET = Layout(
    "Sharut/CARE, imagenet100", care.QUERY, care.BESIDE, care.IMAGENET_RESOLUTION, bgr=False, mean=IMAGENET[0],
    deviation=IMAGENET[1],
)  # fmt: skip
LAYOUTS = (
    Layout("facebookresearch/SIE or AberdeenML/EquiCaps", "backbone.", ("evaluator.", "projector."), 256),
    Layout(
        "hafezgh/seq-jepa",
        "encoder.",
        ("target_encoder.", "action_proj.", "predictor.", "agg_token", "transformer_encoder.", "online_linprobe.",
         "online_equiprobe.", "rot_regressor.", "rot_abs_regressor.", "lin_rot_regressor.", "lin_rot_abs_regressor.",
         "color_regressor.", "agg_classifier.", "res_classifier.", "projector.", "target_projector."),
        128,
    ),
    Layout(
        "Sharut/In-Context-Symmetries", "enc.",
        ("predictor.", "aug_predictor.", "rel_aug_predictor.", "equiv_linear.", "fc."), 128,
    ),
    Layout("a backbone alone (final_weights.pth)", "", ("fc.",), 256),
    CARE,
    CARE_IMAGENET,
)  # fmt: skip


@dataclass(frozen=True)
class Released:
    """A converted checkpoint.

    backbone, stem : our backbone and stem for these weights
    resolution : side of its training images in pixels
    bgr : True if these had blue first
    mean, deviation : normalisation of RGB images, by channel
    method : method whose heads are in the checkpoint, with `settings`; None for an encoder alone
    state : tensors by our names, float32
    left_out : name of a part -> number of its tensors that were left out
    """

    layout: Layout
    backbone: str
    stem: Stem
    resolution: int
    bgr: bool
    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    method: str | None
    settings: dict[str, Any]
    state: State
    left_out: dict[str, int]


def convert(
    state: State, path: Path, drop: tuple[str, ...] = (), bgr: bool | None = None, negated: bool = False,
    unseen: Unseen = ALL_SEEN,
) -> Released:  # fmt: skip
    """Convert the tensors of a checkpoint.

    path : path of the checkpoint, for messages
    drop : prefixes of additional parts to leave out
    bgr : True if the network was trained on BGR images, whose first layer is changed to RGB; None for its layout's
    negated : True if the predictor was trained with quaternions of the opposite sign, those of scipy before 1.11
    unseen : facts that the weights do not show

    Raises
    ------
    ConversionError : an unknown layout, an unknown tensor, values that are not finite, or a prefix without tensors;
        names it.
    """
    layout = _layout(state, path)
    bgr = layout.bgr if bgr is None else bgr
    mean, deviation = _statistics(layout, bgr, unseen, path)
    state = care.renamed(state) if layout is CARE else state
    _check_drop(drop, state, layout, path)
    kept = {name: value for name, value in state.items() if not name.startswith(drop)}
    capsules.check_whole(kept, path)
    own = next((network for network in (aggregator, context, capsules) if network.complete(kept)), None)
    useless = () if own else _heads_without_use(state, drop)
    has_heads = not useless
    of_seqjepa = has_heads and MARK in state
    taken = own.PREFIXES if own else (PREDICTOR, ACTION) if of_seqjepa else (PREDICTOR,)
    known = (prefix for prefix in layout.left_out if not (has_heads and prefix in taken))
    aside = (*known, *drop, *useless)
    backbone: State = {}
    heads: State = {}
    left_out: dict[str, int] = {}
    for name, value in state.items():
        part = next((prefix for prefix in aside if name.startswith(prefix)), None)
        if part is not None:
            left_out[part.rstrip(".")] = left_out.get(part.rstrip("."), 0) + 1
        elif has_heads and name.startswith((*HEAD_PREFIXES, *taken)):
            heads[name] = _numbers(name, value, path)
        elif name.startswith(layout.backbone):
            backbone[name.removeprefix(layout.backbone)] = _numbers(name, value, path)
        else:
            raise ConversionError(
                f"{path} has {name}, which is not in the layout of {layout.name}: leave its part out with --drop "
                f"{name.partition('.')[0]}, if it is not part of the encoder"
            )
    if unseen.hidden and not any(name.startswith(f"{PREDICTOR}hypernet.") for name in heads):
        raise ConversionError(f"{path} has no hypernetwork whose widths --predictor could give: leave it out")
    if bgr and backbone["conv1.weight"].ndim == 4:  # another shape is reported later, with other tensors
        backbone["conv1.weight"] = backbone["conv1.weight"].flip(1)
    kind, stem = _backbone(layout, backbone)
    ours = {f"encoder.backbone.{name}": value for name, value in backbone.items()}
    translate: dict[ModuleType | None, Callable[[], tuple[str, dict[str, Any], State]]] = {
        None: lambda: convert_heads(as_released(heads, path) if of_seqjepa else heads, DIM, negated, unseen, path),
        aggregator: lambda: aggregator.translate(heads, backbone, bgr, negated, path),
        context: lambda: context.translate(heads, DIM, negated, path),
        capsules: lambda: capsules.translate(heads, DIM, path),
    }
    method, settings, placed = translate[own]() if has_heads else (None, {}, {})
    resolution = capsules.STRIDE * settings["side"] if own is capsules else layout.resolution
    state = {**ours, **placed}
    return Released(layout, kind, stem, resolution, bgr, mean, deviation, method, settings, state, left_out)


def _layout(state: State, path: Path) -> Layout:
    layout = next((known for known in LAYOUTS if f"{known.backbone}{known.first}" in state), None)
    if layout is None:
        names = ", ".join(f"{known.backbone}{known.first}" for known in LAYOUTS)
        raise ConversionError(f"{path} has none of {names}: it is of no layout that iebench knows")
    return layout


def _statistics(layout: Layout, bgr: bool, unseen: Unseen, path: Path) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return mean and deviation of RGB images by channel."""
    if unseen.images is not None and layout is not CARE:
        raise ConversionError(f"{path} is of {layout.name}, and --trained-on is for CARE on CIFAR or STL: leave it out")
    mean, deviation = care.statistics(unseen.images, path) if layout is CARE else (layout.mean, layout.deviation)
    return (mean[::-1], deviation[::-1]) if bgr else (mean, deviation)  # they are in the order of the network's input


def _backbone(layout: Layout, tensors: State) -> tuple[str, Stem]:
    """Return the name of our backbone for these tensors, and its stem."""
    if layout in (CARE, CARE_IMAGENET):
        deep = "layer1.0.conv3.weight" in tensors
        return "resnet50" if deep else "resnet18", "cifar" if layout is CARE else "imagenet"
    kind = "resnet18-vicreg" if "layer1.0.downsample.0.weight" in tensors else "resnet18"
    small = kind == "resnet18" and tensors["conv1.weight"].shape[2:] == (3, 3)
    return kind, "cifar" if small else "imagenet"  # --cifar-resnet of hafezgh/seq-jepa


def _check_drop(drop: tuple[str, ...], state: State, layout: Layout, path: Path) -> None:
    """Check that each prefix matches tensors, and none of the encoder."""
    inside = [name for name in state if name.removeprefix(layout.backbone).partition(".")[0] in BACKBONE]
    inside = [name for name in inside if name.startswith(layout.backbone)]
    parts = sorted({name.partition(".")[0] for name in state.keys() - set(inside)})
    choices = f"choose from {', '.join(parts)}" if parts else "it has nothing but the encoder"
    for prefix in drop:
        if not any(name.startswith(prefix) for name in state):
            raise ConversionError(f"{path} has no tensor whose name starts with {prefix!r} of --drop: {choices}")
        needed = next((name for name in inside if name.startswith(prefix)), None)
        if needed is not None:
            raise ConversionError(f"--drop {prefix!r} leaves out {needed} of {path}, a part of the encoder: {choices}")


def _heads_without_use(state: State, drop: tuple[str, ...]) -> tuple[str, ...]:
    """Return the prefixes of heads to leave out: without an equivariant projector, or if a whole head is dropped."""
    heads = (*HEAD_PREFIXES, ACTION) if MARK in state else HEAD_PREFIXES
    members = {head: [name for name in state if name.startswith(head)] for head in heads}
    if not members[EQUIVARIANT]:
        return (PREDICTOR,)
    dropped = any(names and all(name.startswith(drop) for name in names) for names in members.values())
    return heads if dropped else ()


def _numbers(name: str, value: Tensor, path: Path) -> Tensor:
    """Return a tensor in float32; a batch norm's counter unchanged."""
    if name.endswith(COUNTER):
        return value
    if not value.is_floating_point():
        raise ConversionError(
            f"{path}: {name} is of {value.dtype} and weights are floating-point: give the trained file"
        )
    numbers = value.float()
    if not bool(numbers.isfinite().all()):
        raise ConversionError(f"{path}: {name} holds numbers that are not finite: give a file of a healthy training")
    return numbers
