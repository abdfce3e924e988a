"""SIE: Split Invariant-Equivariant learning (Garrido, Najman, LeCun, ICML 2023).

One half of the representation is trained to be invariant to the view; the other half must follow the relative rotation
through a hypernetwork. VICReg's variance and covariance terms prevent collapse.

iebench train --method sie
"""

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from iebench.manifests.errors import InvalidValue

from ..action import Latents
from ..equivariant import EquivariantMethod, LayerSettings, PredictorSettings, predictor_of
from ..losses import covariance, distance, total, variance, weighted
from ..method import method
from ..networks.encoder import Encoder
from ..networks.projector import check_fraction, check_widths, part_of, projector


@dataclass(frozen=True)
class SIESettings(LayerSettings, PredictorSettings):
    """Defaults of the paper.

    projector : widths of the layers of each of the two projectors
    invariant_projector : widths of the invariant projector, if different; the released code scales both with the split
    equivariant : equivariant fraction of the representation, at its end; with 1 there is no invariant part. With
        `equivariant_layer` there is no such split: the invariant branch reads the whole representation
    invariance, equivariance, variance, prediction_variance, covariance : the loss weights s, f * s, v, v and c, with
        s = 10, f = 0.45, v = 10, c = 1
    """

    projector: tuple[int, ...] = (1024, 1024, 1024)
    equivariant: float = 0.5
    invariance: float = 10.0
    equivariance: float = 4.5
    variance: float = 10.0
    prediction_variance: float = 10.0
    covariance: float = 1.0
    invariant_projector: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        check_widths(self.projector)
        if self.invariant_projector:
            check_widths(self.invariant_projector, "invariant_projector")
            if self.equivariant == 1:
                raise InvalidValue("invariant_projector is given and equivariant=1 leaves no invariant part")
        check_fraction(self.equivariant, "equivariant")
        if self.equivariant_layer is not None and self.equivariant != type(self).equivariant:
            raise InvalidValue(
                f"equivariant={self.equivariant} splits the representation, and with equivariant_layer the two "
                "branches read a stage each: leave one out"
            )


@method("sie", SIESettings)
class SIE(EquivariantMethod):
    """Two projectors on the two parts of the representation, and a predictor for the equivariant one.

    parts : "invariant" and "equivariant", the first and the second part of the representation; {} without the first.
        With `equivariant_layer` "equivariant" alone, beside the representation
    """

    def __init__(self, encoder: Encoder, settings: SIESettings) -> None:
        super().__init__(encoder, settings.action)
        self.settings = settings
        split = self.dim
        self.columns = self.branch(settings.equivariant_layer)
        if settings.equivariant_layer is None:
            split -= part_of(self.dim, settings.equivariant, "equivariant")
            self.columns = slice(split, self.dim)
            self.parts = {"invariant": slice(0, split), "equivariant": self.columns} if split else {}
        self.invariant_columns = slice(0, split)
        if split:
            self.invariant_projector = projector((split, *(settings.invariant_projector or settings.projector)))
        self.equivariant_projector = projector((self.columns.stop - self.columns.start, *settings.projector))
        self.predictor = predictor_of(settings, settings.projector[-1])

    def loss(self, images: Tensor, latents: Latents) -> dict[str, Tensor]:
        """L = s L_inv + f s L_eq + v V + v V_pred + c C, summed over consecutive views (facebookresearch/SIE)."""
        views, terms = self.represent(images), {}  # (B, K, dim + beside)
        embedding = equivariant = self.by_view(self.equivariant_projector, views[..., self.columns])  # K of (B, E)
        if self.parts:
            invariant = self.by_view(self.invariant_projector, views[..., self.invariant_columns])
            terms["invariance"] = total(distance(x, y) for x, y in pairwise(invariant))
            # K of (B, 2 E)
            embedding = [torch.cat(parts, dim=1) for parts in zip(invariant, equivariant, strict=True)]
        predicted = self.predict_next(equivariant, latents)  # K - 1 of (B, E)
        terms |= {
            "equivariance": total(distance(p, y) for p, y in zip(predicted, equivariant[1:], strict=True)),
            "variance": total(variance(view) for view in embedding),
            "prediction_variance": total(variance(view) for view in predicted),
            "covariance": total(covariance(view) for view in embedding),
        }
        return weighted(terms, self.settings)
