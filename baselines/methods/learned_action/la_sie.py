"""LA-SIE: SIE whose matrix is inferred from two views, without labels (repository kaminocode/LA-SIE, 2026).

The network that makes the matrix also sees the target view. A dense matrix can map any x to any y (y x^T / |x|^2 does),
so its alignment error has no meaning. The matrix exp(sum_k c_k G_k), with generators shared by all pairs, has only a
few coefficients c. This bottleneck, and the terms of inverse and composition, make the representation equivariant.

iebench train --method la-sie
"""

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from iebench.manifests.errors import InvalidValue

from ...action import Latents
from ...losses import covariance, distance, no_autocast, precise, total, variance, weighted
from ...method import Needs, method
from ...networks.encoder import Encoder
from ...networks.projector import check_fraction, check_widths, part_of, projector
from ...several_views import ActionCodeMethod
from .pair_operator import Family, Operator


@dataclass(frozen=True)
class LASIESettings:
    """Defaults of the repository, whose loss weights are those of SIE.

    projector : widths of the layers of each of the two projectors
    equivariant : equivariant fraction of the representation, at its end, on which the matrix acts
    family : "generators" for exp(sum_k c_k G_k), "skew" for exp of any antisymmetric matrix, "dense" for any matrix
    generators : number of generators G_k, antisymmetric and learned
    hidden : widths of the layers from two views to the coefficients of the matrix
    invariance, equivariance, variance, covariance : the loss weights s, f * s, v and c
    identity, inverse, composition : weights of three errors: of M_xx as the identity, of M_yx M_xy as the identity, and
        of M_xz as M_yz M_xy, which needs three views
    """

    projector: tuple[int, ...] = (1024, 1024, 1024)
    equivariant: float = 0.5
    family: Family = "generators"
    generators: int = 8
    hidden: tuple[int, ...] = (256, 256)
    invariance: float = 10.0
    equivariance: float = 4.5
    variance: float = 10.0
    covariance: float = 1.0
    identity: float = 0.0
    inverse: float = 1.0
    composition: float = 0.0

    def __post_init__(self) -> None:
        check_widths(self.projector)
        check_widths(self.hidden, "hidden")
        check_fraction(self.equivariant, "equivariant")
        if self.equivariant == 1:
            raise InvalidValue("equivariant=1 leaves no invariant part")
        if self.generators < 1:
            raise InvalidValue(f"generators must be at least 1, not {self.generators}")


@method("la-sie", LASIESettings)
class LASIE(ActionCodeMethod):
    """SIE's two projectors, and an operator on the equivariant part of the representation.

    parts : "invariant" and "equivariant", the first and the second part of the representation
    """

    @classmethod
    def needs(cls, settings: LASIESettings) -> Needs:
        """Return two views, and three for the composition."""
        return Needs(views=3 if settings.composition else 2)

    def __init__(self, encoder: Encoder, settings: LASIESettings) -> None:
        super().__init__(encoder)
        self.settings = settings
        split = self.dim - part_of(self.dim, settings.equivariant, "equivariant")
        self.parts = {"invariant": slice(0, split), "equivariant": slice(split, self.dim)}
        self.invariant_projector = projector((split, *settings.projector))
        self.equivariant_projector = projector((self.dim - split, *settings.projector))
        self.operator = Operator(self.dim - split, settings.family, settings.generators, settings.hidden)
        self.code_size = self.operator.size

    def loss(self, images: Tensor, latents: Latents) -> dict[str, Tensor]:
        """L = s L_inv + f s MSE(M_xy h^x, h^y) + v V + c C + w MSE(M_yx M_xy, I) + ..., over consecutive views."""
        views = self.represent(images)
        invariant = self.by_view(self.invariant_projector, views[..., self.parts["invariant"]])  # K of (B, E)
        equivariant = self.by_view(self.equivariant_projector, views[..., self.parts["equivariant"]])
        embedding = [torch.cat(parts, dim=1) for parts in zip(invariant, equivariant, strict=True)]
        moving = [precise(view) for view in views[..., self.parts["equivariant"]].unbind(1)]  # K of (B, d)
        with no_autocast(images.device):
            forth = [self.operator(x, y) for x, y in pairwise(moving)]  # K - 1 of (B, d, d)
            moved = [(matrix @ x[..., None])[..., 0] for matrix, x in zip(forth, moving, strict=False)]
            terms = {
                "invariance": total(distance(x, y) for x, y in pairwise(invariant)),
                "equivariance": total(distance(m, y) for m, y in zip(moved, moving[1:], strict=True)),
                "variance": total(variance(view) for view in embedding),
                "covariance": total(covariance(view) for view in embedding),
                **self._laws(moving, forth),
            }
        return weighted(terms, self.settings)

    def code(self, first: Tensor, second: Tensor) -> Tensor:
        """Return the numbers of the matrix (B, C), such as c of exp(sum_k c_k G_k); see `ActionCodeMethod.code`."""
        return self.operator.numbers(*(precise(view[:, self.parts["equivariant"]]) for view in (first, second)))

    def _laws(self, moving: list[Tensor], forth: list[Tensor]) -> dict[str, Tensor]:
        """Return the weighted ones among the errors of identity, inverse and composition, which are 0 for a group."""
        weight, identity, terms = self.settings, torch.eye(moving[0].shape[1], device=moving[0].device), {}
        if weight.identity:
            terms["identity"] = total(distance(self.operator(x, x), identity) for x in moving)
        if weight.inverse:
            back = [self.operator(y, x) for x, y in pairwise(moving)]
            terms["inverse"] = total(distance(b @ f, identity) for b, f in zip(back, forth, strict=True))
        if weight.composition:
            both = [self.operator(x, z) for x, z in zip(moving, moving[2:], strict=False)]
            steps = [second @ first for first, second in pairwise(forth)]
            terms["composition"] = total(distance(b, s) for b, s in zip(both, steps, strict=True))
        return terms
