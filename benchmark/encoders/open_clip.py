"""Image encoders of OpenCLIP: --encoder open_clip:ViT-B-32 --encoder-arg pretrained=laion2b_s34b_b79k."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from ..errors import EncoderError, UnknownName
from ..results.score import UNTRAINED
from ..weights.archive import check_sums
from ..weights.tensors_only import weights_only
from .maps.reader import MapReader, NoMaps, TimmMaps
from .preprocess import PreparedMaps, Preprocessed, package, silence, unfetched
from .registry import Arguments, LoadedEncoder, loader, named

WITH_WEIGHTS = ("hf-hub:", "local-dir:")  # prefixes of names that bring their weights


@loader("open_clip")
def load(spec: str, arguments: Arguments) -> LoadedEncoder:
    """Load the image encoder of a model of OpenCLIP, with its size and normalisation; the text encoder is left out.

    spec : a model's name; or hf-hub:NAME, local-dir:FOLDER
    arguments : pretrained, one of the model's tags, a checkpoint file, or "none" for random weights; the rest is passed
        to open_clip.create_model

    Raises
    ------
    MissingPart : open_clip cannot be imported.
    UnknownName : open_clip has no such model, or the model no such weights.
    EncoderError : no weights are chosen, they cannot be downloaded or do not fit, or an argument is refused.
    """
    open_clip: Any = package("open_clip", f"open_clip:{spec}")
    options = dict(arguments)
    choice = options.pop("pretrained", None)
    if not spec.startswith(WITH_WEIGHTS):
        if spec not in open_clip.list_models():
            raise UnknownName("open_clip model", spec, open_clip.list_models())
        _check_choice(spec, choice, open_clip.list_pretrained_tags_by_model(spec))
    source = None if choice is None or str(choice).lower() == "none" else str(choice)
    try:
        with weights_only(), silence():
            model = open_clip.create_model(spec, pretrained=source, **options)
            wants = open_clip.get_model_preprocess_cfg(model)
    except Exception as error:  # no network, other shapes, or a refused argument
        remedy = "fetch its weights first, or --encoder-arg pretrained=none"
        raise unfetched(f"open_clip:{spec}", error, remedy, options) from error
    size = wants["size"] if isinstance(wants["size"], int) else wants["size"][0]
    visual = model.visual.float()
    module = Preprocessed(Visual(visual), size, wants["mean"], wants["std"], wants["interpolation"])
    name = named(f"open_clip.{spec}", arguments)
    maps = PreparedMaps(module, _maps(visual))
    data = (
        UNTRAINED
        if source is None and not spec.startswith(WITH_WEIGHTS)
        else f"that of OpenCLIP's weights {choice or spec}"
    )
    return LoadedEncoder(
        name, module, module.size, resizes=True, preprocessing=module.preprocessing, training_data=data, maps=maps
    )


class Visual(nn.Module):
    """An image encoder, without the tokens that some return beside the embedding."""

    def __init__(self, visual: nn.Module) -> None:
        super().__init__()
        self.visual = visual

    def forward(self, images: Tensor) -> Tensor:
        """Map (B, 3, H, W) normalised images to (B, D)."""
        output = self.visual(images)
        embedding: Tensor = output[0] if isinstance(output, tuple) else output
        return embedding


@dataclass(frozen=True)
class VisualMaps:
    """Reader of the maps of OpenCLIP's own transformers and ResNets.

    stages : number of blocks of a transformer, of the four stages of a ResNet
    stem : number of maps in front of the first stage's
    """

    visual: Any
    stages: int
    stem: int

    def read(self, images: Tensor, stages: tuple[int, ...]) -> Sequence[Tensor]:
        """Return the maps; a transformer's last one has gone through its last norm, as the embedding has."""
        numbers = sorted(set(stages))
        outputs = self.visual.forward_intermediates(images, indices=[n - 1 + self.stem for n in numbers])
        maps = dict(zip(numbers, outputs["image_intermediates"], strict=True))
        norm = getattr(self.visual, "ln_post", None)
        if norm is not None and self.stages in maps:
            maps[self.stages] = norm(maps[self.stages].permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        return [maps[stage] for stage in stages]


def _maps(visual: Any) -> MapReader:
    """Return the reader of an image encoder; one without maps if the encoder, or an older OpenCLIP, offers none."""
    if not hasattr(visual, "forward_intermediates"):
        return NoMaps()
    if hasattr(visual, "trunk"):
        return TimmMaps(visual.trunk)
    blocks = getattr(getattr(visual, "transformer", None), "resblocks", None)
    return VisualMaps(visual, 4, 1) if blocks is None else VisualMaps(visual, len(blocks), 0)


def _check_choice(spec: str, choice: object, tags: list[str]) -> None:
    """Check the weights that are chosen: a model of OpenCLIP has none of its own accord."""
    if choice is None:
        known = f"one of {', '.join(tags)}, " if tags else ""
        raise EncoderError(
            f"open_clip:{spec} has no default weights: choose with --encoder-arg pretrained=, {known}a checkpoint "
            "file, or none for random ones"
        )
    path = Path(str(choice))
    if path.is_file():
        check_sums(path, EncoderError)
    elif str(choice).lower() != "none" and choice not in tags:
        raise UnknownName(f"weights of {spec}", str(choice), [*tags, "none"])
