"""SIE: Split Invariant-Equivariant learning (Garrido, Najman, LeCun, ICML 2023).

One half of the representation is pulled together over views; the other half must follow the relative rotation through
a hypernetwork. VICReg's variance and covariance terms prevent collapse.

iebench train --method sie
"""

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from .encoder import Encoder
from .losses import covariance, distance, total, variance
from .method import ROTATION, Latents, Method, method, rotation_between
from .predictor import LinearHypernetwork
from .projector import projector


@dataclass(frozen=True)
class SIESettings:
    """Defaults are the paper's.

    projector : widths of each of the two projectors' layers
    invariance, equivariance, variance, prediction_variance, covariance : the loss weights s, f * s, v, v and c, with
        s = 10, f = 0.45, v = 10, c = 1
    """

    projector: tuple[int, ...] = (1024, 1024, 1024)
    invariance: float = 10.0
    equivariance: float = 4.5
    variance: float = 10.0
    prediction_variance: float = 10.0
    covariance: float = 1.0

    def __post_init__(self) -> None:
        if not self.projector or min(self.projector) < 1:
            raise ValueError(f"projector needs at least one width, all positive, not {self.projector}")


@method("sie", SIESettings)
class SIE(Method):
    """Two projectors on the two halves, and a predictor for the equivariant one.

    parts : "invariant" and "equivariant", the first and the second half of the representation
    """

    latents = ROTATION
    has_predictor = True

    def __init__(self, encoder: Encoder, settings: SIESettings) -> None:
        super().__init__(encoder)
        self.settings = settings
        half = self.dim // 2
        self.parts = {"invariant": slice(0, half), "equivariant": slice(half, self.dim)}
        self.invariant_projector = projector((half, *settings.projector))
        self.equivariant_projector = projector((self.dim - half, *settings.projector))
        self.predictor = LinearHypernetwork(4, settings.projector[-1])

    def loss(self, images: Tensor, latents: Latents) -> dict[str, Tensor]:
        """L = s L_inv + f s L_eq + v V + v V_pred + c C, from each view to the next (facebookresearch/SIE)."""
        views = self.represent(images)  # (B, K, dim)
        shape, flat = views.shape[:2], views.flatten(0, 1)
        invariant = self.invariant_projector(flat[:, self.parts["invariant"]]).view(*shape, -1).unbind(1)
        equivariant = self.embed(flat).view(*shape, -1).unbind(1)  # K of (B, E)
        poses = [{name: latents[name][:, k] for name in self.latents} for k in range(shape[1])]
        steps = range(shape[1] - 1)
        predicted = [self.predict(equivariant[k], poses[k], poses[k + 1]) for k in steps]
        whole = [torch.cat(parts, dim=1) for parts in zip(invariant, equivariant, strict=True)]  # K of (B, 2 E)
        terms = {
            "invariance": total(distance(x, y) for x, y in pairwise(invariant)),
            "equivariance": total(distance(predicted[k], equivariant[k + 1]) for k in steps),
            "variance": total(variance(view) for view in whole),
            "prediction_variance": total(variance(view) for view in predicted),
            "covariance": total(covariance(view) for view in whole),
        }
        weight = self.settings
        loss = (
            weight.invariance * terms["invariance"]
            + weight.equivariance * terms["equivariance"]
            + weight.variance * terms["variance"]
            + weight.prediction_variance * terms["prediction_variance"]
            + weight.covariance * terms["covariance"]
        )
        return {"loss": loss, **terms}

    def embed(self, representation: Tensor) -> Tensor:
        """(B, dim) -> (B, E) through the equivariant projector."""
        embedding: Tensor = self.equivariant_projector(representation[:, self.parts["equivariant"]])
        return embedding

    def predict(self, embedding: Tensor, source: Latents, target: Latents) -> Tensor:
        """W(q) e with q the rotation from source to target pose: (B, E) -> (B, E)."""
        rotation = rotation_between(source, target).to(embedding.device)
        prediction: Tensor = self.predictor(rotation, embedding)
        return prediction
