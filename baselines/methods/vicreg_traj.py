"""VICReg-Traj: VICReg whose embeddings should move on straight paths (Wang et al., ECCV 2024).

A third view continues the path of the first two: the two steps should point in the same direction, as seen from the
view in the middle. It is the VICRegTraj row of Ghaemi et al. 2025 (seq-JEPA).

iebench train --method vicreg-traj
"""

from dataclasses import dataclass

from torch import Tensor, nn

from ..action import Latents
from ..losses import total, weighted
from ..method import method
from .vicreg import VICReg, VICRegSettings


@dataclass(frozen=True)
class VICRegTrajSettings(VICRegSettings):
    """Defaults are those of VICReg, and the weight of the seq-JEPA paper.

    trajectory : weight of the path's straightness
    """

    trajectory: float = 0.01


@method("vicreg-traj", VICRegTrajSettings)
class VICRegTraj(VICReg):
    """VICReg's projector; its terms on the first two views, and a path over all of them."""

    fewest_views = 3

    def loss(self, images: Tensor, latents: Latents) -> dict[str, Tensor]:
        """L = L_VICReg(e^1, e^2) - a cos(u1, u2), u the steps to and from a view, across that view's own direction."""
        embedding = self.by_view(self.projector, self.represent(images))  # K of (B, E)
        threes = zip(embedding, embedding[1:], embedding[2:], strict=False)
        terms = self.terms(embedding[:2]) | {"trajectory": total(bend(*three) for three in threes)}
        return weighted(terms, self.settings)


def bend(first: Tensor, middle: Tensor, last: Tensor) -> Tensor:
    """How far a path of embeddings is from straight: -cos of its two steps, mean over the batch; -1 when straight.

    Only the steps' components at right angles to the middle embedding count: its direction matters, not its length.

    first, middle, last : (B, E)
    """
    first, middle, last = (view if view.dtype.itemsize > 4 else view.float() for view in (first, middle, last))
    centre = nn.functional.normalize(middle, dim=1)

    def across(step: Tensor) -> Tensor:
        return step - (step * centre).sum(dim=1, keepdim=True) * centre

    return -nn.functional.cosine_similarity(across(middle - first), across(last - middle), dim=1).mean()
