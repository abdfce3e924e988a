"""align-uniform: views of an object close together, different objects far apart, on a sphere.

Wang and Isola, "Understanding contrastive representation learning through alignment and uniformity", ICML 2020.

iebench train --method align-uniform --set method.uniformity=0.5
"""

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor
from torch.nn.functional import normalize

from iebench.baselines.action import Latents
from iebench.baselines.gather import gather
from iebench.baselines.losses import precise, total, weighted
from iebench.baselines.method import Method, method
from iebench.baselines.networks.encoder import Encoder
from iebench.baselines.networks.projector import projector


# Every setting has a default; `iebench methods align-uniform --format md` shows these lines.
@dataclass(frozen=True)
class AlignUniformSettings:
    """Settings of align-uniform.

    projector : widths of the projector's layers
    alignment, uniformity : weights of the terms of the loss
    """

    projector: tuple[int, ...] = (512, 512)
    alignment: float = 1.0
    uniformity: float = 1.0


@method("align-uniform", AlignUniformSettings)
class AlignUniform(Method):
    """One projector on the whole representation."""

    def __init__(self, encoder: Encoder, settings: AlignUniformSettings) -> None:
        super().__init__(encoder)
        self.settings = settings
        self.projector = projector((self.dim, *settings.projector))

    def loss(self, images: Tensor, latents: Latents) -> dict[str, Tensor]:
        """Return "loss", which is minimised, and its terms, for the log.

        images : (B, K, 3, H, W), K views of B objects
        """
        embeddings = self.by_view(self.projector, self.represent(images))  # K of (B, E)
        views = [normalize(precise(embedding), dim=1) for embedding in embeddings]
        terms = {
            "alignment": total((x - y).square().sum(1).mean() for x, y in pairwise(views)),
            "uniformity": total(uniformity(gather(view)) for view in views) / len(views),  # objects of all ranks
        }
        return weighted(terms, self.settings)  # a term's weight is the setting of its name


def uniformity(points: Tensor) -> Tensor:
    """Return the logarithm of the mean of exp(-2 d^2) over all pairs of points (B, E) at distance d."""
    return torch.pdist(points).square().mul(-2).exp().mean().log()
