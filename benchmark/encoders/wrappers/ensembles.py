"""Ensembles at test time: the representations of several encoders as one.

Loh et al. (2023), "Multi-symmetry ensembles", join an equivariant and an invariant encoder in this way.
"""

from collections.abc import Sequence
from itertools import accumulate

import torch
from torch import Tensor, nn

from ...errors import EncoderError, IebenchError
from ...results.score import Cost
from ..registry import LoadedEncoder, load
from .wrap import Wrapped, Wrapping, wrapper


class Ensemble(nn.Module):
    """Representations of several encoders, each scaled to unit length: their mean, or one beside the other.

    beside : for each encoder the number of its last columns that are not part of the representation
    members : the encoders' columns, if they stand beside each other; known after the first images
    """

    def __init__(self, models: Sequence[nn.Module], beside: Sequence[int], mean: bool) -> None:
        super().__init__()
        self.members: tuple[slice, ...] = ()
        self.models, self.beside, self.mean = nn.ModuleList(models), tuple(beside), mean

    def forward(self, images: Tensor) -> Tensor:
        """Map (B, 3, H, W) to (B, D), or (B, sum of all D)."""
        outputs = [model(images.clone()) for model in self.models]  # a copy, as a model may overwrite its input
        kept = [output[:, : output.shape[1] - beside] for output, beside in zip(outputs, self.beside, strict=True)]
        scaled = [nn.functional.normalize(output, dim=1) for output in kept]
        widths = [output.shape[1] for output in scaled]
        if self.mean and len(set(widths)) > 1:
            raise EncoderError(f"representations of {widths} columns have no mean: use --wrap concat")
        if self.mean:
            return torch.stack(scaled).mean(0)
        ends = accumulate(widths)
        self.members = tuple(slice(end - width, end) for end, width in zip(ends, widths, strict=True))
        return torch.cat(scaled, dim=1)


def ensemble(wrapping: Wrapping, mean: bool) -> Wrapped:
    """Load the other encoders and join all.

    Raises
    ------
    EncoderError : none is named, or their images or representations have different sizes.
    """
    specs = [spec for spec in wrapping.rest.split(",") if spec]
    if not specs:
        raise EncoderError(
            f"--wrap {wrapping.name} joins several encoders: name the others, as in --wrap "
            f"{wrapping.name}:runs/b,runs/c"
        )
    members = [wrapping.encoder, *(_loaded(wrapping, spec) for spec in specs)]
    _check_sides(wrapping, members)
    about = "mean of representations" if mean else "representations side by side"
    return Wrapped(
        Ensemble([member.module for member in members], [member.beside for member in members], mean),
        f"{about} of unit length, of {', '.join(member.name for member in members)}",
        parts={},
        beside=0,
        cost=Cost(),  # several trainings, maybe on several machines
    )


def _loaded(wrapping: Wrapping, spec: str) -> LoadedEncoder:
    try:
        return load(spec, {}, wrapping.trust)
    except IebenchError as error:
        raise EncoderError(f"--wrap {wrapping.name}: {error}") from error


def _check_sides(wrapping: Wrapping, members: Sequence[LoadedEncoder]) -> None:
    first = members[0]
    for other in members[1:]:
        if other.resolution != first.resolution:
            raise EncoderError(
                f"--wrap {wrapping.name}: {first.name} takes images of {first.resolution} pixels and {other.name} of "
                f"{other.resolution}: join encoders of one size"
            )


@wrapper("mean")
def mean(wrapping: Wrapping) -> Wrapped:
    """Average the representations of several encoders, each of unit length."""
    return ensemble(wrapping, mean=True)


@wrapper("concat")
def concat(wrapping: Wrapping) -> Wrapped:
    """Put the representations of several encoders beside each other, each of unit length."""
    return ensemble(wrapping, mean=False)
