"""Predictors: map an embedding and a transformation to the transformed view's embedding; ours, or another module's."""

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
    """Interface of predictors for the retrieval probe; every `Method` with a predictor implements it.

    latents : the latent columns that `predict` needs
    as_released : True if `predict` takes relative quaternions with the sign of the SIE scripts; False for w >= 0
    """

    as_released: bool

    @property
    def latents(self) -> tuple[str, ...]:
        """Return the names of the latent columns that `predict` needs."""

    def embed(self, representation: Tensor) -> Tensor:
        """Map representations (B, D) to embeddings (B, E), the input of `predict`."""

    def predict(self, embedding: Tensor, source: Latents, target: Latents) -> Tensor:
        """Predict the embedding of the target view.

        source, target : (B,) float64 for each latent, or (B * K,): K consecutive targets for each embedding
        returns : (B, E) or (B * K, E)
        """


@dataclass(frozen=True)
class Transform:
    """The transformation from one view of an object to another, as passed to an external predictor.

    source, target : latent name -> (B,) float64; units and frames as in iebench.manifests.conventions
    as_released : True if quaternions keep the sign of the SIE scripts, as in the protocol `released`
    """

    source: Mapping[str, Tensor]
    target: Mapping[str, Tensor]
    as_released: bool = False

    @property
    def rotation(self) -> Tensor:
        """Quaternions of R12 = R1^-1 R2, scalar last, w >= 0 unless as released: (B, 4) float32.

        They are on the device of the latents.
        """
        quaternions = rotation_between(self.source, self.target, self.as_released)
        return quaternions.float().to(next(iter(self.source.values())).device)


class Guest:
    """An external module's `predict(z, transform)`, and its `embed(z)` if it has one, with checks of all outputs.

    Without `embed`, the embedding is the representation itself. The attribute `latents` names the columns in the
    transform; the default is the three angles of the pose.
    """

    def __init__(self, name: str, module: nn.Module) -> None:
        self.name, self.module = name, module
        latents = getattr(module, "latents", ROTATION)
        if not (isinstance(latents, tuple | list) and all(isinstance(latent, str) for latent in latents) and latents):
            raise EncoderError(f"encoder {name}: its `latents` must name columns of a dataset, not {latents!r:.120}")
        self.latents, self.as_released = tuple(latents), False

    def embed(self, representation: Tensor) -> Tensor:
        """Return the module's embeddings (B, E) of representations (B, D).

        Raises
        ------
        EncoderError : the module fails, or does not return (B, E) finite floats.
        """
        own = getattr(self.module, "embed", None)
        if own is None:
            return representation
        return checked_output(f"encoder {self.name}", "embed", own, (representation,), len(representation))

    def predict(self, embedding: Tensor, source: Latents, target: Latents) -> Tensor:
        """Return the module's prediction; see `Predictor`. The module gets one embedding per target.

        Raises
        ------
        EncoderError : the module fails, or does not return finite floats of the embedding's shape.
        """
        embedding = embedding.repeat_interleave(len(target[self.latents[0]]) // len(embedding), dim=0)
        start, end = ({name: v.to(embedding.device) for name, v in view.items()} for view in (source, target))
        transform = Transform(start, end, self.as_released)
        prediction = checked_output(
            f"encoder {self.name}", "predict", self.module.predict, (embedding, transform), len(embedding)
        )
        if prediction.shape != embedding.shape:
            raise EncoderError(
                f"encoder {self.name}: predict maps embeddings {tuple(embedding.shape)} to {tuple(prediction.shape)}: "
                "it must return the target view's embedding, of the size that `embed` (or the encoder, without one) has"
            )
        return prediction


@torch.no_grad()
def checked_output(owner: str, method: str, function: Any, arguments: tuple[object, ...], rows: int) -> Tensor:
    """Return the output of foreign code, floats (rows, E).

    owner : noun and name for messages, such as "encoder mine"; method : name of the function

    Raises
    ------
    EncoderError : it fails, or does not return finite floats (rows, E).
    """
    about = f"{owner}: its {method}"
    try:
        output = function(*arguments)
    except SystemExit as error:  # else it would end iebench silently
        raise EncoderError(f"{about} ends the program (exit code {error.code}): let it raise an error") from error
    except Exception as error:  # foreign code may raise anything
        raise EncoderError(f"{about} failed ({short(error)}): mend it") from error
    if not (isinstance(output, Tensor) and output.ndim == 2 and len(output) == rows and output.is_floating_point()):
        kind = f"{output.dtype} {tuple(output.shape)}" if isinstance(output, Tensor) else type(output).__name__
        raise EncoderError(f"{about} returns {kind}: it must return floats ({rows}, E)")
    if not torch.isfinite(output).all():
        raise EncoderError(f"{about} returns values that are not finite: mend it")
    return output.float()


@contextmanager
def as_released(predictor: Predictor | None, released: bool) -> Iterator[None]:
    """Give a predictor quaternions with the sign of the SIE scripts during the block, if `released`.

    A predictor that was trained with this sign, such as a converted checkpoint, always gets it.
    """
    before = predictor is not None and predictor.as_released
    if predictor is not None:
        predictor.as_released = before or released
    try:
        yield
    finally:
        if predictor is not None:
            predictor.as_released = before


def guest(name: str, module: nn.Module) -> Guest | None:
    """Return the predictor of an external module, or None.

    Raises
    ------
    EncoderError : `latents` is not a list of names.
    """
    return Guest(name, module) if callable(getattr(module, "predict", None)) else None


def check(predictor: Guest, representations: Tensor) -> None:
    """Test a predictor with the identity transformation, so that errors are found before any encoding.

    Raises
    ------
    EncoderError : it fails, returns an invalid output, or depends on chance or on the rest of the batch.
    """

    def outputs(rows: Tensor) -> tuple[Tensor, Tensor]:
        still = {name: torch.zeros(len(rows), dtype=torch.float64) for name in predictor.latents}
        embedding = predictor.embed(rows.clone())  # a copy, since the module may overwrite its input
        return embedding, predictor.predict(embedding.clone(), still, still)

    first, again = outputs(representations), outputs(representations)
    halves = [torch.cat(parts) for parts in zip(*map(outputs, representations.chunk(2)), strict=True)]
    for method, output, repeat, half in zip(("embed", "predict"), first, again, halves, strict=True):
        twice, parted = rounding(predictor.module, output)
        gap = unsteady(output, repeat, twice)
        if gap:
            raise EncoderError(
                f"encoder {predictor.name}: its {method} gives other outputs for the same inputs the second time "
                f"({gap}): remove its random numbers"
            )
        gap = unsteady(output, half, parted)
        if gap:
            raise EncoderError(
                f"encoder {predictor.name}: its {method} gives other outputs for a row if the batch has other rows "
                f"({gap}): compute each row by itself"
            )
