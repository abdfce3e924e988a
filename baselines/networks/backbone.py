"""Registry of backbones: modules from normalised images to representations, by name.

A backbone is a function registered by `@backbone("name")` that takes a width and a stem and returns a module with an
attribute `dim`. The entry point group `iebench.backbones` names the module to import for each name, so another package
can add backbones. `timm:NAME` is any model of timm, if timm can be imported.
"""

from collections.abc import Callable
from typing import Any, Literal, cast

from torch import Tensor, nn

from iebench.manifests.installed.registry import Registry

from ..errors import BackbonePart, MethodBroken, SettingError, UnknownName
from .maps import timm_channels, timm_maps

Stem = Literal["imagenet", "small", "cifar"]
TIMM = "timm:"


class Backbone(nn.Module):
    """Base of backbones: (B, 3, H, W) normalised images -> (B, dim) representations.

    channels : number of channels of the map after each stage, the first stage first; () for a backbone without maps.
        With channels, `forward` takes `stages`, counted from 1, and returns the representation and these maps
        (B, C, h, w) beside it: `backbone(images, (3, 4))`. The representation is computed from the last map
    """

    dim: int
    channels: tuple[int, ...] = ()


Builder = Callable[[float, Stem], Backbone]
BACKBONES: Registry[Builder] = Registry("backbone", "iebench.backbones", MethodBroken)


def backbone(name: str) -> Callable[[Builder], Builder]:
    """Register a function of width and stem under `name`; a decorator."""
    return BACKBONES.register(name)


def names() -> list[str]:
    """Return the names of all installed backbones, without timm's."""
    return sorted(BACKBONES)


def check(name: str) -> None:
    """Check that a backbone of that name exists; names of timm's models are checked when they are built.

    Raises
    ------
    UnknownName : no such backbone; suggests similar names.
    """
    if name not in BACKBONES and not name.startswith(TIMM):
        raise UnknownName("backbone", name, [*names(), f"{TIMM}NAME"])


def build(name: str, width: float, stem: Stem) -> Backbone:
    """Build a freshly initialised backbone.

    Raises
    ------
    UnknownName : no such backbone.
    SettingError : the backbone has no such width or stem.
    BackbonePart : timm cannot be imported here.
    MethodBroken : the module that an entry point names cannot be imported, or does not register it.
    """
    check(name)
    if name.startswith(TIMM):
        return Timm(name, width, stem)
    built = BACKBONES[name](width, stem)
    dim = getattr(built, "dim", None)
    if not (isinstance(built, nn.Module) and isinstance(dim, int) and dim > 0):
        raise MethodBroken(
            f"backbone {name} returned {type(built).__name__} with dim {dim!r}: return a module with its dim"
        )
    return built


class Timm(Backbone):
    """A model of timm without its classifier, untrained; width and stem are the model's own."""

    def __init__(self, name: str, width: float, stem: Stem) -> None:
        super().__init__()
        if width != 1 or stem != "imagenet":
            raise SettingError(
                f"{name} has its own width and stem: leave out encoder.width and encoder.stem, or set 1 and imagenet"
            )
        try:
            import timm  # optional, and not importable beside every build of torch
        except Exception:  # torchvision fails in ways of its own beside a torch of another build
            raise BackbonePart(
                f"{name} needs timm, which cannot be imported here: pip install timm, beside a torchvision "
                f"of the same build as torch, or choose from {', '.join(names())}"
            ) from None
        model_name = name.removeprefix(TIMM)
        if model_name not in timm.list_models():
            raise UnknownName("timm model", model_name, timm.list_models())
        self.model: Any = timm.create_model(model_name, pretrained=False, num_classes=0)
        # some end in a layer that num_features does not count
        self.dim = int(getattr(self.model, "head_hidden_size", self.model.num_features))
        self.channels = timm_channels(self.model)

    def forward(self, images: Tensor, stages: tuple[int, ...] = ()) -> Tensor | tuple[Tensor, ...]:
        """Map (B, 3, H, W) normalised images to (B, dim), with maps beside it; see `Backbone`."""
        return timm_maps(self.model, images, stages) if stages else cast(Tensor, self.model(images))
