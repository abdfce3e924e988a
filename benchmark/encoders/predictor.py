"""Predictors: what may be asked where a view's embedding should go, be it a method of iebench or anyone's module."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from iebench.baselines.action import ROTATION, Latents, rotation_between

from ..errors import EncoderError, short
from .determinism import rounding, unsteady


class Predictor(Protocol):
    """What the retrieval probe asks; every `Method` with a predictor is one.

    latents : the latent columns that `predict` needs
    as_released : whether it takes relative quaternions with the sign that the SIE scripts give them; else w >= 0
    """

    as_released: bool

    @property
    def latents(self) -> tuple[str, ...]:
        """The latent columns that `predict` needs."""

    def embed(self, representation: Tensor) -> Tensor:
        """The embedding (B, E) of representations (B, D), what `predict` works on."""

    def predict(self, embedding: Tensor, source: Latents, target: Latents) -> Tensor:
        """The embedding that the target view should have.

        source, target : (B,) float64 for each latent, or (B * K,): K consecutive questions about each embedding
        returns : (B, E) or (B * K, E)
        """


@dataclass(frozen=True)
class Transform:
    """The way from one view of an object to another, as a predictor from elsewhere is told it.

    source, target : latent name -> (B,) float64; units and frames as in iebench.manifests.conventions
    as_released : whether quaternions keep the sign that the SIE scripts give them, as the protocol `released` asks
    """

    source: Mapping[str, Tensor]
    target: Mapping[str, Tensor]
    as_released: bool = False

    @property
    def rotation(self) -> Tensor:
        """The quaternions of R12 = R1^-1 R2, scalar last, w >= 0 unless as released: (B, 4) float32.

        They are on the latents' device.
        """
        found = rotation_between(self.source, self.target, self.as_released)
        return found.float().to(next(iter(self.source.values())).device)


class Guest:
    """A module's own `predict(z, transform)`, and its `embed(z)` if it has one, with every answer checked.

    Without `embed` the embedding is the representation itself. An attribute `latents` names the columns that the
    transform brings; the three angles of the pose by default.
    """

    def __init__(self, name: str, module: nn.Module) -> None:
        self.name, self.module = name, module
        latents = getattr(module, "latents", ROTATION)
        if not (isinstance(latents, tuple | list) and all(isinstance(latent, str) for latent in latents) and latents):
            raise EncoderError(f"encoder {name}: its `latents` must name columns of a dataset, not {latents!r:.120}")
        self.latents, self.as_released = tuple(latents), False

    def embed(self, representation: Tensor) -> Tensor:
        """The module's embedding (B, E) of representations (B, D).

        Raises
        ------
        EncoderError : it fails, or does not return (B, E) finite floats.
        """
        own = getattr(self.module, "embed", None)
        return representation if own is None else self._ask("embed", own, (representation,), len(representation))

    def predict(self, embedding: Tensor, source: Latents, target: Latents) -> Tensor:
        """The module's prediction, see `Predictor`; itself it is told as many embeddings as there are questions.

        Raises
        ------
        EncoderError : it fails, or does not return finite floats of the embedding's shape.
        """
        embedding = embedding.repeat_interleave(len(target[self.latents[0]]) // len(embedding), dim=0)
        start, end = ({name: v.to(embedding.device) for name, v in view.items()} for view in (source, target))
        found = self._ask(
            "predict", self.module.predict, (embedding, Transform(start, end, self.as_released)), len(embedding)
        )
        if found.shape != embedding.shape:
            raise EncoderError(
                f"encoder {self.name}: predict turns embeddings {tuple(embedding.shape)} into {tuple(found.shape)}: it "
                "must return what `embed` (or the encoder, without one) would say of the target view"
            )
        return found

    @torch.no_grad()
    def _ask(self, what: str, function: Any, arguments: tuple[object, ...], rows: int) -> Tensor:
        try:
            found = function(*arguments)
        except SystemExit as error:  # or it would end iebench without a word
            raise EncoderError(
                f"encoder {self.name}: its {what} ends the program (exit code {error.code}): let it raise an error"
            ) from error
        except Exception as error:  # anyone's code may fail in any way
            raise EncoderError(f"encoder {self.name}: its {what} failed ({short(error)}): mend it") from error
        if not (isinstance(found, Tensor) and found.ndim == 2 and len(found) == rows and found.is_floating_point()):
            kind = f"{found.dtype} {tuple(found.shape)}" if isinstance(found, Tensor) else type(found).__name__
            raise EncoderError(f"encoder {self.name}: its {what} returns {kind}: it must return floats ({rows}, E)")
        if not torch.isfinite(found).all():
            raise EncoderError(f"encoder {self.name}: its {what} returns values that are not finite: mend it")
        return found.float()


@contextmanager
def as_released(predictor: Predictor | None, wanted: bool) -> Iterator[None]:
    """Give a predictor quaternions with the sign of the SIE scripts while the block runs, if that is wanted.

    One that was trained on them, such as a converted checkpoint, gets them always.
    """
    before = predictor is not None and predictor.as_released
    if predictor is not None:
        predictor.as_released = before or wanted
    try:
        yield
    finally:
        if predictor is not None:
            predictor.as_released = before


def guest(name: str, module: nn.Module) -> Guest | None:
    """The predictor that a module from elsewhere brings along, or None.

    Raises
    ------
    EncoderError : `latents` is no list of names.
    """
    return Guest(name, module) if callable(getattr(module, "predict", None)) else None


def check(predictor: Guest, representations: Tensor) -> None:
    """Ask a predictor for no transformation at all, so that what is wrong with it is said before any encoding.

    Raises
    ------
    EncoderError : it fails, answers what it must not, or answers by chance or by what else it is asked.
    """

    def ask(some: Tensor) -> tuple[Tensor, Tensor]:
        still = {name: torch.zeros(len(some), dtype=torch.float64) for name in predictor.latents}
        embedding = predictor.embed(some.clone())  # a clone: it may overwrite what it is given
        return embedding, predictor.predict(embedding.clone(), still, still)

    first, again = ask(representations), ask(representations)
    halves = [torch.cat(answers) for answers in zip(*map(ask, representations.chunk(2)), strict=True)]
    for what, one, two, half in zip(("embed", "predict"), first, again, halves, strict=True):
        twice, parted = rounding(predictor.module, one)
        gap = unsteady(one, two, twice)
        if gap:
            raise EncoderError(
                f"encoder {predictor.name}: its {what} answers the same question differently the second time ({gap}): "
                "let it draw no random numbers"
            )
        gap = unsteady(one, half, parted)
        if gap:
            raise EncoderError(
                f"encoder {predictor.name}: its {what} answers differently when other questions are in its batch "
                f"({gap}): let it take each row by itself"
            )
