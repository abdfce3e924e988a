"""Models of transformers, from the Hub or a folder: --encoder hf:facebook/dinov2-small [--encoder-arg pool=mean]."""

import json
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

from torch import Tensor, nn

from ..errors import EncoderError
from .preprocess import Preprocessed, package, unfetched
from .registry import Arguments, Loaded, loader, named

CONFIG = "config.json"
Pool = Literal["pooler", "cls", "mean"]
POOLS: dict[Pool, str] = {
    "pooler": "its pooler's, or the first token without one; maps averaged",
    "cls": "the first token; maps averaged",
    "mean": "mean over tokens or places",
}
SIZE = 224
HALF = [0.5, 0.5, 0.5]  # what image processors take when a checkpoint says nothing
RESAMPLE = {2: "bilinear", 3: "bicubic"}  # Pillow's numbers


@loader("hf", claims=lambda spec: _is_checkpoint(Path(spec)))
def load(spec: str, arguments: Arguments) -> Loaded:
    """A vision model of transformers with its weights, and the size and normalisation of its image processor.

    spec : a name on the Hub, or a folder that `save_pretrained` wrote
    arguments : pool, one of "pooler", "cls" (the first token) and "mean" (over tokens or places); the model's pooler
        if it was trained, else "cls" for tokens and "mean" for maps. The rest is for `from_pretrained`, as `revision`

    Raises
    ------
    MissingPart : transformers cannot be imported here.
    EncoderError : no such checkpoint, one that lacks weights, no vision model, or an argument that does not fit.
    """
    if not Path(spec).is_dir() and (spec.startswith(("/", "./", "../", "~")) or spec.count("/") > 1):
        raise EncoderError(f"--encoder hf:{spec}: no such folder; `save_pretrained` writes one")  # no name of the Hub
    transformers = package("transformers", f"hf:{spec}")
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    given = dict(arguments)
    pool = given.pop("pool", None)
    if pool is not None and pool not in POOLS:
        raise EncoderError(f"--encoder-arg pool={pool}: choose from {', '.join(POOLS)}")
    try:
        model, report = transformers.AutoModel.from_pretrained(spec, output_loading_info=True, **given)
    except Exception as error:  # no network, no such name, an argument it does not take
        remedy = "check the name, or fetch it first and give its folder"
        raise unfetched(f"hf:{spec}", error, remedy) from error
    vision = getattr(model, "vision_model", model).float()  # the half of CLIP and its like that sees
    if getattr(vision, "main_input_name", "") != "pixel_values":
        raise EncoderError(f"hf:{spec} is a {type(model).__name__}, which takes no images: give a vision model")
    missing = sorted(key for key in report["missing_keys"] if not key.startswith("text_model."))
    untrained = [key for key in missing if "pooler" not in key]
    if untrained:
        raise EncoderError(
            f"hf:{spec} lacks {len(untrained)} weights of its model, such as {untrained[0]}: give a whole checkpoint"
        )
    pooled = Pooled(vision, pool or ("cls" if missing else "pooler"))
    module, words = _behind_its_processor(transformers, spec, arguments, pooled)
    base = Path(spec).resolve().name if Path(spec).is_dir() else spec
    said = f"{words}; representation: {POOLS[pooled.pool]}"
    return Loaded(named(f"hf.{base}", arguments), module, module.size, resizes=True, preprocessing=said)


class Pooled(nn.Module):
    """A vision model of transformers whose answer is one vector an image.

    pool : which one, as POOLS says
    """

    def __init__(self, model: nn.Module, pool: Pool) -> None:
        super().__init__()
        self.model, self.pool = model, pool

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) normalised -> (B, D)."""
        answer: Any = self.model(pixel_values=images)
        pooled = getattr(answer, "pooler_output", None)
        if self.pool == "pooler" and pooled is not None:
            found: Tensor = pooled.flatten(1)  # a ResNet's is (B, D, 1, 1)
            return found
        hidden: Tensor = answer.last_hidden_state
        if hidden.ndim == 4:  # (B, D, H, W)
            return hidden.mean((2, 3))
        return hidden.mean(1) if self.pool == "mean" else hidden[:, 0]


def _behind_its_processor(
    transformers: ModuleType, spec: str, arguments: Arguments, model: Pooled
) -> tuple[Preprocessed, str]:
    """The model behind what its image processor would do, and that in words; its settings are read, it is not run."""
    kept = {name: value for name, value in arguments.items() if name in ("revision", "cache_dir", "local_files_only")}
    try:
        wants, _ = transformers.ImageProcessingMixin.get_image_processor_dict(spec, **kept)
    except OSError:  # none beside the weights
        wants = {}
    crop = wants.get("crop_size") if wants.get("do_center_crop") else None
    size = _side(crop) or _side(wants.get("size")) or _side(getattr(model.model.config, "image_size", None)) or SIZE
    mean, std = wants.get("image_mean") or HALF, wants.get("image_std") or HALF
    module = Preprocessed(model, size, mean, std, RESAMPLE.get(wants.get("resample", 3), "bicubic"))
    words = module.preprocessing + ("" if wants else " (assumed: there is no image processor beside the weights)")
    return module, words


def _side(size: Any) -> int | None:
    """The side in what image processors call a size: a number, or a table of heights, widths or edges."""
    if isinstance(size, Mapping):
        size = next((size[name] for name in ("height", "shortest_edge", "longest_edge") if size.get(name)), None)
    if isinstance(size, list | tuple):
        size = size[0]
    return int(size) if size else None


def _is_checkpoint(folder: Path) -> bool:
    try:
        return "model_type" in json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
