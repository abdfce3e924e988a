"""The prepared encoder: a module from images to representations, tested before any image is encoded.

Modules are loaded by `encoders/`, one small file per kind.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from iebench.baselines.method import Method
from iebench.manifests.brief import few
from iebench.manifests.text.plain_text import check_name

from ..errors import EncoderError
from ..results.score import Cost
from ..statistics.metric_info import WHOLE
from ..training.config import RunConfig
from ..weights.tensor_file import digest
from . import predictor as predictors
from .determinism import rounding, unsteady
from .maps.checked import maps_of, running, stages_of
from .maps.reader import MapReader, NoMaps, OwnMaps
from .predictor import Predictor
from .registry import LoadedEncoder

APART = 2  # sides of images whose ratio is beyond this are another task
TRIAL = 4  # noise images whose representations check and identify an encoder

Precision = Literal["float32", "bf16"]


@dataclass(frozen=True)
class PreparedEncoder:
    """An encoder with all facts that scoring needs; the module is in eval mode and without gradients.

    name : name in tables: that of the run's folder or of the factory
    module : (B, 3, H, W) float32 in [0, 1] -> (B, width)
    dim : size of the representation, the first columns of the module's outputs; width : size of these
    parts : names of slices of the module's outputs, or {}
    resolution : side of its images in pixels
    preprocessing : description of the module's own preprocessing
    precision : of the forward pass
    predictor : predictor of embeddings, or None
    method : method whose encoder the module is, or None
    weights : SHA-256 of parameters and buffers
    identity : SHA-256 of weights and of outputs for fixed noise, so that changed code changes it too
    run : configuration of the run that trained it, if any
    cost : number of parameters, and the cost of training if known
    native : side of the images that the module was made for, in pixels; None if unknown, or if it
        was trained here
    reader : reader of the module's feature maps
    training_data : description of the data that trained it; "" if unknown, or if `run` tells
    """

    name: str
    module: nn.Module
    dim: int
    width: int
    parts: Mapping[str, slice]
    resolution: int
    preprocessing: str
    precision: Precision
    predictor: Predictor | None
    weights: str
    identity: str
    run: RunConfig | None
    cost: Cost
    method: Method | None = None
    native: int | None = None
    reader: MapReader = field(default_factory=NoMaps)
    training_data: str = ""

    @property
    def map_stages(self) -> int:
        """Number of stages after which the encoder gives a map; 0 for an encoder without maps."""
        return stages_of(self.name, self.reader)

    def maps(self, images: Tensor, stages: Sequence[int] = ()) -> tuple[Tensor, ...]:
        """Return feature maps, without gradients: for each stage a (B, C, h, w) float32 with C, h and w of its own.

        images : (B, 3, H, W) float32 in [0, 1], on the encoder's device
        stages : numbers from 1 to `map_stages`; none for the last one

        Raises
        ------
        EncoderError : the encoder has no maps or no such stage, or fails.
        """
        return maps_of(self.name, self.reader, images, stages, self.precision == "bf16")

    def introduction(self, stored: int) -> list[str]:
        """Return lines for the screen: the images it gets, and a warning if it was made for images of another size.

        stored : side of the dataset's images in pixels
        """
        lines = [
            f"{self.name}: images of {self.resolution} pixels, {self.preprocessing or 'no preprocessing declared'}"
        ]
        native = self.native or stored
        if max(native, stored) > APART * min(native, stored):
            effect = "detail is lost" if native < stored else "small images are enlarged"
            lines.append(
                f"warning: {self.name} was made for images of {native} pixels and the dataset's have {stored}: "
                f"{effect}, so compare it with encoders of that size alone, or render the dataset with {native} pixels"
            )
        return lines


def prepare(
    loaded: LoadedEncoder, resolution: int, device: torch.device, precision: Precision = "float32"
) -> PreparedEncoder:
    """Put a module on a device in eval mode, test it on noise, and collect its facts.

    resolution : side of its images in pixels

    Raises
    ------
    EncoderError : a side that the module does not take; representations of a wrong shape, not finite, or dependent on
        chance or on the rest of the batch; parts or a predictor that do not fit the representation.
    """
    name, module = loaded.name, loaded.module
    if loaded.fixed and resolution != loaded.resolution:
        raise EncoderError(
            f"encoder {name} takes images of {loaded.resolution} pixels alone, not {resolution}: score it without "
            f"--resolution on a dataset of this size or larger, or {loaded.fixed}"
        )
    for part in (module, loaded.predictor, loaded.method):
        if isinstance(part, nn.Module):
            _check_filled(name, part)
            for parameter in part.eval().parameters():  # ScriptModules have no requires_grad_
                parameter.requires_grad_(False)
            part.to(device)
    images = trial(resolution).to(device)
    outputs = represent(name, module, images.clone(), precision)
    _check_independence(name, module, images, outputs, precision)
    guest = None if loaded.predictor is not None else predictors.guest(name, module)
    if guest is not None:
        predictors.check(guest, outputs)
    weights = digest({key: value for key, value in module.state_dict().items() if isinstance(value, Tensor)})
    return PreparedEncoder(
        name=name,
        module=module,
        dim=outputs.shape[1] - loaded.beside,
        width=outputs.shape[1],
        parts=_parts(
            name, loaded.parts if loaded.parts is not None else declared_parts(name, module), outputs.shape[1]
        ),
        resolution=resolution,
        preprocessing=loaded.preprocessing,
        precision=precision,
        predictor=loaded.predictor or guest,
        weights=weights,
        identity=hashlib.sha256(bytes.fromhex(weights) + outputs.cpu().numpy().tobytes()).hexdigest(),
        run=loaded.run,
        cost=replace(loaded.cost, parameters=_size(_encoder(loaded)) if loaded.counted else None),
        method=loaded.method,
        native=loaded.resolution if loaded.run is None else None,
        reader=loaded.maps or OwnMaps(name, module),
        training_data=loaded.training_data,
    )


def _size(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def _encoder(loaded: LoadedEncoder) -> nn.Module:
    """Return the module without heads whose columns are beside the representation."""
    return loaded.method.encoder if loaded.method is not None and loaded.beside else loaded.module


def trial(resolution: int) -> Tensor:
    """Return noise images (TRIAL, 3, H, W) in [0, 1], the same on every machine, in order of brightness.

    The different brightness reveals batch norms in train mode; with equal brightness, all halves would have one mean.
    """
    noise = torch.rand(TRIAL, 3, resolution, resolution, generator=torch.Generator().manual_seed(0))
    return noise * torch.linspace(1 / TRIAL, 1, TRIAL).view(-1, 1, 1, 1)


def _kind(output: object) -> str:
    """Describe what a module returned instead of representations."""
    if isinstance(output, Tensor):
        return f"{output.dtype} {tuple(output.shape)}"
    kind = type(output).__name__
    return f"{kind} with {few([str(key) for key in output], 12)}" if isinstance(output, Mapping) else kind


@torch.inference_mode()
def represent(name: str, module: nn.Module, images: Tensor, precision: Precision = "float32") -> Tensor:
    """Return the representations (B, D) float32 of images (B, 3, H, W), checked.

    name : name of the encoder, for messages

    Raises
    ------
    EncoderError : the module fails, or does not return (B, D) finite floats on the device of the images.
    """
    with running(name, images, precision == "bf16"):
        output = module(images)
    if not (
        isinstance(output, Tensor) and output.ndim == 2 and len(output) == len(images) and output.is_floating_point()
    ):
        raise EncoderError(
            f"encoder {name} maps images {tuple(images.shape)} to {_kind(output)}: it must return floats (B, D), a row "
            "an image"
        )
    if output.layout is not torch.strided:
        raise EncoderError(f"encoder {name} returns a {output.layout} tensor: let it return a dense one (to_dense())")
    if not output.shape[1]:
        raise EncoderError(f"encoder {name} returns representations without any column: mend it")
    if output.device != images.device:
        raise EncoderError(
            f"encoder {name} got images on {images.device} and returns representations on {output.device}: keep "
            "them on the images' device, or score with --device cpu"
        )
    output = output.detach().float()  # detached, in case the module enables gradients itself
    if not torch.isfinite(output).all():
        raise EncoderError(
            f"encoder {name} returns values that are not finite, or that float32 cannot hold: check its weights and "
            "normalisation"
        )
    return output


def _check_filled(name: str, module: nn.Module) -> None:
    for key, tensor in [*module.named_parameters(), *module.named_buffers()]:
        if is_lazy(tensor):
            raise EncoderError(
                f"encoder {name} has no values in {key} yet, and would get random ones: give its module an image once, "
                "then load its weights"
            )


def declared_parts(name: str, module: nn.Module) -> Mapping[str, slice]:
    """Return a module's `parts`, {} if it has none.

    Raises
    ------
    EncoderError : `parts` does not map names to slices.
    """
    parts = getattr(module, "parts", {})
    if not (isinstance(parts, Mapping) and all(isinstance(part, slice) for part in parts.values())):
        raise EncoderError(f"encoder {name}: its `parts` must map names to slices, not {parts!r:.120}")
    return parts


def _parts(name: str, parts: Mapping[str, slice], dim: int) -> dict[str, slice]:
    if WHOLE in parts:
        raise EncoderError(
            f"encoder {name}: its part {WHOLE!r} has the name of the whole representation: rename it in its `parts`"
        )
    slices = {part: slice(*columns.indices(dim)) for part, columns in parts.items()}
    for part, columns in slices.items():
        check_name(str(part), f"encoder {name}: its part")
        if columns.step != 1 or columns.stop <= columns.start:
            raise EncoderError(f"encoder {name}: its part {part!r:.80} takes no columns out of {dim}: mend its `parts`")
        for end in (parts[part].start, parts[part].stop):  # indices() would clip them
            if end is not None and not -dim <= end <= dim:
                raise EncoderError(
                    f"encoder {name}: its part {part!r:.80} goes to {end} and the representation has {dim} columns: "
                    "mend its `parts`"
                )
    return slices


def _check_independence(name: str, module: nn.Module, images: Tensor, outputs: Tensor, precision: Precision) -> None:
    """Refuse an encoder whose output depends on chance or on the rest of the batch: its scores are not reproducible."""

    def encoded(batch: Tensor) -> Tensor:
        output = represent(name, module, batch.clone(), precision)  # a copy, since the module may overwrite its input
        if output.shape[1] != outputs.shape[1]:
            raise EncoderError(
                f"encoder {name} returned first {outputs.shape[1]} columns and then {output.shape[1]}: its "
                "representation must have one size"
            )
        return output

    twice, parted = rounding(module, outputs, precision == "bf16")
    gap = unsteady(outputs, encoded(images), twice)
    if gap:
        raise EncoderError(
            f"encoder {name} gives other outputs for the same images the second time ({gap}): it draws random numbers "
            "or counts its calls, so put its dropout in eval mode or fix its seed"
        )
    gap = unsteady(outputs, torch.cat([encoded(half) for half in images.chunk(2)]), parted)
    if gap:
        raise EncoderError(
            f"encoder {name} gives other outputs for an image if the batch has other images ({gap}): its batch norm is "
            "in train mode or without running statistics, so let it use running ones"
        )
