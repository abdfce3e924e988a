"""The base class of methods. A method is one file: a frozen dataclass with its settings, and a registered class."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal, Self, TypeVar

import torch
from torch import Tensor, nn

from iebench.manifests.errors import InvalidValue

from .action import Latents
from .needs import Needs
from .networks.encoder import Encoder, EncoderSettings
from .registry import METHODS, Entry, find, names

__all__ = ["Entry", "Method", "Needs", "build", "find", "method", "names", "scored"]

Passes = Literal["apart", "together"]


class Method(nn.Module):
    """Base of all methods; built from the encoder to train and the method's own settings.

    encoder : (B, 3, H, W) images in [0, 1] -> (B, dim) representations
    parts : names of slices of `features`, such as "invariant"; {} when it has none
    beside : number of columns of `features` after those of the representation
    stage : stage of the backbone after which a branch hangs; the columns beside the representation are its map's mean
    latents : the latent columns that `loss` and `predict` need
    as_released : True if `predict` takes quaternions with the sign of the SIE scripts, False if w >= 0
    has_predictor : True if the method has `embed` and `predict`; a class may set it, or an instance by its settings
    scheduled : True if the update depends on the total number of steps; such a run cannot change its length on resume
    trains : False for a reference method that keeps its initial weights
    classes : number of classes, for a method whose `latents` contain the label; None if there is no limit
    objects : number of objects that the method stores, if its `latents` contain OBJECT; None if there is no limit
    passes : "apart" for one forward pass per view, so that batch norms in training use the statistics of one view at a
        time; "together" for one pass with all views
    """

    has_predictor: bool = False
    scheduled: ClassVar[bool] = False
    trains: ClassVar[bool] = True
    classes: int | None = None
    objects: int | None = None
    passes: Passes = "apart"

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.encoder = encoder
        self.dim = encoder.dim
        self.parts: dict[str, slice] = {}
        self.beside = 0
        self.stage: int | None = None
        self.latents: tuple[str, ...] = ()
        self.as_released = False

    @classmethod
    def needs(cls, settings: Any) -> Needs:
        """Return the properties of a dataset that the method needs with these settings."""
        return Needs()

    def branch(self, stage: int | None) -> slice:
        """Return the columns of `features` for a branch that hangs after a stage of the backbone.

        These are the mean of the stage's map, beside the representation and a part of its own, "equivariant".

        stage : number from 1; None for the representation itself

        Raises
        ------
        SettingError : the backbone has no such stage.
        """
        if stage is None:
            return slice(0, self.dim)
        self.encoder.check_stage(stage)
        self.stage, self.beside = stage, self.encoder.backbone.channels[stage - 1]
        self.parts = {"equivariant": slice(self.dim, self.dim + self.beside)}
        return self.parts["equivariant"]

    def features(self, images: Tensor) -> Tensor:
        """Return the scored features: representations, then the columns beside them.

        images : (B, 3, H, W) float in [0, 1]
        returns : (B, dim + beside)
        """
        if self.stage is None:
            representation: Tensor = self.encoder(images)
            return representation
        representation, maps = self.encoder.with_maps(images, (self.stage,))
        return torch.cat([representation, maps.mean((2, 3))], dim=1)

    def represent(self, images: Tensor) -> Tensor:
        """Return the features of several views of each object.

        images : (B, K, 3, H, W) float in [0, 1]
        returns : (B, K, dim + beside)
        """
        return torch.stack(self.by_view(self.features, images), dim=1)

    def by_view(self, module: Callable[[Tensor], Any], views: Tensor) -> list[Any]:
        """Return a module's outputs for several views of each object, with one pass or several as `passes` says.

        module : (N, ...) -> (N, E), such as the encoder or a projector; or to a tuple of such
        views : (B, K, ...)
        returns : K of (B, E), or of tuples of such
        """
        if self.passes == "apart":
            return [module(view) for view in views.unbind(1)]
        outputs = module(views.flatten(0, 1))
        if isinstance(outputs, tuple):
            return list(zip(*(part.unflatten(0, views.shape[:2]).unbind(1) for part in outputs), strict=True))
        return list(outputs.unflatten(0, views.shape[:2]).unbind(1))

    def loss(self, images: Tensor, latents: Latents) -> dict[str, Tensor]:
        """Return the loss of a batch: "loss" is minimised; the other entries are its unweighted terms, for the log.

        images : (B, K, 3, H, W) float in [0, 1]; K >= `needs(settings).views` distinct views of each of B objects
        latents : (B, K) float64 for each name in `self.latents`
        """
        raise NotImplementedError(f"{type(self).__name__} has no loss")

    def forward(self, images: Tensor, latents: Latents) -> dict[str, Tensor]:
        """Call `loss`; distributed training calls `forward`."""
        return self.loss(images, latents)

    def after_step(self, step: int, steps: int) -> None:
        """Update the method after the optimizer's step `step` of `steps`, counted from 1; moves a target network, say.

        Only parameters and buffers may change here, so that a checkpoint holds them.
        """

    def embed(self, representation: Tensor) -> Tensor:
        """Return the equivariant embedding (B, E) of features (B, dim + beside); it is the input of `predict`."""
        raise NotImplementedError(f"{type(self).__name__} has no predictor")

    def predict(self, embedding: Tensor, source: Latents, target: Latents) -> Tensor:
        """Predict the embedding of the target view from the embedding of the source view of the same object.

        embedding : (B, E) of the source view
        source, target : (B,) float64 for each name in `self.latents`, or (B * K,): K consecutive targets for each
            source view, which share the computations that depend on the source view alone
        returns : (B, E) or (B * K, E)
        """
        raise NotImplementedError(f"{type(self).__name__} has no predictor")


@dataclass(frozen=True, kw_only=True)
class ObjectSettings:
    """Settings of a method with a memory of all objects.

    objects : number of objects in the memory; None for the number of objects that a run trains on
    """

    objects: int | None = None

    def __post_init__(self) -> None:
        if self.objects is not None and self.objects < 1:
            raise InvalidValue(f"objects must be at least 1, not {self.objects}")

    def of_objects(self, count: int) -> Self:
        """Return these settings with the number of objects that a run trains on, unless they have one."""
        return self if self.objects is not None else replace(self, objects=count)


class Scored(nn.Module):
    """The scored module of a method with columns beside the representation: it returns the method's `features`."""

    def __init__(self, method: Method) -> None:
        super().__init__()
        self.method = method

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) float in [0, 1] -> (B, dim + beside)."""
        return self.method.features(images)


def scored(method: Method) -> nn.Module:
    """Return the scored module, from images to features: the encoder, or `Scored` if there are columns beside it."""
    return Scored(method) if method.beside else method.encoder


M = TypeVar("M", bound=type[Method])


def method(name: str, settings: type[Any]) -> Callable[[M], M]:
    """Register a method's class under `name`, with the frozen dataclass of its settings; a class decorator."""
    return METHODS.register(name, lambda cls: Entry(name, settings, cls, name))


def build(name: str, settings: Any, encoder: EncoderSettings) -> Method:
    """Build a freshly initialised method; its weights are drawn from torch's global generator."""
    built: Method = find(name).method(Encoder(encoder), settings)
    return built
