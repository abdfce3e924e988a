"""Models of transformers, from the Hub or a folder: --encoder hf:facebook/dinov2-small [--encoder-arg pool=mean]."""

import json
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

from PIL import Image
from torch import Tensor, nn

from iebench.manifests.common.causes import reason

from ..errors import EncoderError, InvalidValue
from ..weights.archive import check_sums
from .maps.hidden import HiddenMaps
from .preprocess import PreparedMaps, Preprocessed, package, unfetched
from .registry import Arguments, LoadedEncoder, loader, named

CONFIG = "config.json"
Pool = Literal["pooler", "cls", "mean"]
POOLS: dict[Pool, str] = {
    "pooler": "its pooler's, or the first token without one; maps averaged",
    "cls": "the first token; maps averaged",
    "mean": "mean over tokens or places",
}
SIZE = 224
HALF = [0.5, 0.5, 0.5]  # default of image processors
PROCESSORS = ("preprocessor_config.json", "processor_config.json")
PLAIN = ((0, 0, 0), (255, 255, 255), (51, 102, 204))  # colours of the test images for a processor
RESAMPLE = {2: "bilinear", 3: "bicubic"}  # Pillow's numbers


@loader(
    "hf",
    claims=lambda spec: _is_checkpoint(Path(spec)),
    runs_code=lambda spec, arguments: (
        f"the model code that hf:{spec} brings" * bool(arguments.get("trust_remote_code"))
    ),
)
def load(spec: str, arguments: Arguments) -> LoadedEncoder:
    """Load a vision model of transformers with its weights, and the size and normalisation of its image processor.

    spec : name on the Hub, or folder that `save_pretrained` wrote
    arguments : pool, one of "pooler", "cls" (the first token) and "mean" (over tokens or positions). Default: the
        model's pooler if it was trained, else "cls" for tokens and "mean" for feature maps. The rest is passed to
        `from_pretrained`

    Raises
    ------
    MissingPart : transformers cannot be imported.
    EncoderError : no such checkpoint, missing weights, no vision model, or an invalid argument.
    """
    if not Path(spec).is_dir() and (spec.startswith(("/", "./", "../", "~")) or spec.count("/") > 1):
        raise EncoderError(f"--encoder hf:{spec}: no such folder; `save_pretrained` writes one")  # no Hub name
    transformers = package("transformers", f"hf:{spec}")
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    options = dict(arguments)
    pool = options.pop("pool", None)
    if pool is not None and pool not in POOLS:
        raise EncoderError(f"--encoder-arg pool={pool}: choose from {', '.join(POOLS)}")
    for file in sorted(Path(spec).glob("*.bin")):  # written by torch.save; files of safetensors have no checksums
        check_sums(file, EncoderError)
    try:
        model, report = transformers.AutoModel.from_pretrained(spec, output_loading_info=True, **options)
    except Exception as error:  # no network, no such name, or a refused argument
        remedy = "check the name, or fetch it first and give its folder"
        raise unfetched(f"hf:{spec}", error, remedy, options) from error
    vision = getattr(model, "vision_model", model).float()  # the image encoder of CLIP and similar models
    if getattr(vision, "main_input_name", "") != "pixel_values":
        raise EncoderError(f"hf:{spec} is a {type(model).__name__}, which takes no images: give a vision model")
    missing = sorted(key for key in report["missing_keys"] if not key.startswith("text_model."))
    untrained = [key for key in missing if "pooler" not in key]
    if untrained:
        raise EncoderError(
            f"hf:{spec} lacks {len(untrained)} weights of its model, such as {untrained[0]}: give a whole checkpoint"
        )
    pooled = Pooled(vision, pool or ("cls" if missing else "pooler"))
    module, words = _with_processor(transformers, spec, arguments, pooled)
    base = Path(spec).resolve().name if Path(spec).is_dir() else spec
    preprocessing = f"{words}; representation: {POOLS[pooled.pool]}"
    name, side = named(f"hf.{base}", arguments), module.size
    maps = PreparedMaps(module, HiddenMaps(vision, side or SIZE))
    return LoadedEncoder(name, module, side, resizes=True, preprocessing=preprocessing, maps=maps)


class Pooled(nn.Module):
    """A vision model of transformers with one output vector per image.

    pool : kind of pooling; see POOLS
    """

    def __init__(self, model: nn.Module, pool: Pool) -> None:
        super().__init__()
        self.model, self.pool = model, pool

    def forward(self, images: Tensor) -> Tensor:
        """Map (B, 3, H, W) normalised images to (B, D)."""
        result: Any = self.model(pixel_values=images)
        pooled = getattr(result, "pooler_output", None)
        if self.pool == "pooler" and pooled is not None:
            output: Tensor = pooled.flatten(1)  # a ResNet's is (B, D, 1, 1)
            return output
        hidden: Tensor = result.last_hidden_state
        if hidden.ndim == 4:  # (B, D, H, W)
            return hidden.mean((2, 3))
        return hidden.mean(1) if self.pool == "mean" else hidden[:, 0]


def _with_processor(
    transformers: ModuleType, spec: str, arguments: Arguments, model: Pooled
) -> tuple[Preprocessed, str]:
    """Put a model behind the normalisation and resize of its image processor; returns it with their description."""
    kept = {name: value for name, value in arguments.items() if name in ("revision", "cache_dir", "local_files_only")}
    side = _side(getattr(model.model.config, "image_size", None)) or SIZE
    try:
        processor = transformers.AutoImageProcessor.from_pretrained(spec, **kept)
    except Exception as error:  # damaged, unknown, no network
        if not _lacks_processor(spec, error):
            raise unfetched(f"hf:{spec}", error, "mend its image processor, or fetch it first", kept) from error
        module = Preprocessed(model, side, HALF, HALF)
        return module, f"{module.preprocessing} (assumed: there is no image processor beside the weights)"
    colours = _measured_colours(processor, spec, side)
    resample = getattr(processor, "resample", None)
    module = Preprocessed(
        model, colours.side, colours.mean, colours.std, RESAMPLE.get(int(resample or 3), "bicubic"), colours.order
    )
    return module, module.preprocessing


@dataclass(frozen=True)
class Colours:
    """Normalisation of an image processor, for images in [0, 1]: channel order, mean, std; side in pixels."""

    side: int
    mean: list[float]
    std: list[float]
    order: list[int]


def _measured_colours(processor: Any, spec: str, side: int) -> Colours:
    """Measure a processor's normalisation on images of one colour.

    The settings are not used, since they mean different things in different processors and may be incomplete.

    Raises
    ------
    EncoderError : the processor fails, or does more to a colour than reorder, shift and scale it.
    """
    pictures = [Image.new("RGB", (side, side), colour) for colour in PLAIN]
    remedy = "write a factory that does the same (docs/guides/your-encoder.md)"
    try:
        pixels = processor(images=pictures, return_tensors="pt")["pixel_values"]
        black, white, mixed = pixels.double().mean((2, 3)).tolist()  # (3, 3, H, W)
        if pixels.shape[2] != pixels.shape[3]:
            raise InvalidValue(f"pictures of {side} x {side} pixels become {pixels.shape[2]} x {pixels.shape[3]}")
        if any(low == high for low, high in zip(black, white, strict=True)):
            raise InvalidValue("a black and a white picture become the same")
        std = [1 / (high - low) for low, high in zip(black, white, strict=True)]
        mean = [0.0 - low * scale for low, scale in zip(black, std, strict=True)]
        known = [value / 255 for value in PLAIN[2]]
        shown = [value * scale + shift for value, scale, shift in zip(mixed, std, mean, strict=True)]
        order = [min(range(3), key=lambda c: abs(known[c] - value)) for value in shown]
        if sorted(order) != [0, 1, 2] or any(abs(known[c] - v) > 0.01 for c, v in zip(order, shown, strict=True)):
            raise InvalidValue(f"the colour {[round(c, 3) for c in known]} becomes {[round(v, 3) for v in shown]}")
    except Exception as error:  # foreign code may raise anything
        why = reason(error, "it fails on plain pictures")
        raise EncoderError(f"hf:{spec}: its image processor cannot be followed ({why}): {remedy}") from error
    return Colours(int(pixels.shape[-1]), mean, std, order)


def _lacks_processor(spec: str, error: Exception) -> bool:
    """True if the processor could not be loaded because the checkpoint has none."""
    if Path(spec).is_dir():
        return not any((Path(spec) / name).is_file() for name in PROCESSORS)
    return "does not appear to have a file named" in str(error)


def _side(size: Any) -> int | None:
    """Return the side from the size in a model's configuration: a number, or two of them."""
    if isinstance(size, list | tuple):
        size = size[0]
    return int(size) if isinstance(size, int) and size else None


def _is_checkpoint(folder: Path) -> bool:
    try:
        table = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        return isinstance(table, dict) and "model_type" in table
    except (OSError, ValueError, RecursionError):
        return False
