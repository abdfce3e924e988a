"""VICReg-Traj: VICReg with a loss that straightens the path of the embeddings (Wang et al., ECCV 2024).

The views of an object form a path. The step to a view and the step from it should point in the same direction; only
components orthogonal to that view's embedding count. It is the VICRegTraj row of Ghaemi et al. 2025 (seq-JEPA).

iebench train --method vicreg-traj
"""

from dataclasses import dataclass

from torch import Tensor, nn

from ..action import Latents
from ..losses import total, weighted
from ..method import Needs, method
from .vicreg import VICReg, VICRegSettings


@dataclass(frozen=True)
class VICRegTrajSettings(VICRegSettings):
    """Defaults of VICReg; the weight of the path term is that of the seq-JEPA paper.

    trajectory : weight of the straightness of the path
    """

    trajectory: float = 0.01


@method("vicreg-traj", VICRegTrajSettings)
class VICRegTraj(VICReg):
    """VICReg's projector and its terms on the first two views; a path term over all views."""

    @classmethod
    def needs(cls, settings: VICRegTrajSettings) -> Needs:
        return Needs(views=3)

    def loss(self, images: Tensor, latents: Latents) -> dict[str, Tensor]:
        """L = L_VICReg(e^1, e^2) - a cos(u1, u2); u1 and u2 are the steps to and from a view, orthogonal to it."""
        embedding = self.by_view(self.projector, self.represent(images))  # K of (B, E)
        threes = zip(embedding, embedding[1:], embedding[2:], strict=False)
        terms = self.terms(embedding[:2]) | {"trajectory": total(bend(*three) for three in threes)}
        return weighted(terms, self.settings)


def bend(first: Tensor, middle: Tensor, last: Tensor) -> Tensor:
    """Return minus the cosine of a path's two steps, mean over the batch; -1 if the path is straight.

    Only the steps' components orthogonal to the middle embedding count: its direction matters, not its length.

    first, middle, last : (B, E)
    """
    first, middle, last = (view if view.dtype.itemsize > 4 else view.float() for view in (first, middle, last))
    centre = nn.functional.normalize(middle, dim=1)

    def across(step: Tensor) -> Tensor:
        return step - (step * centre).sum(dim=1, keepdim=True) * centre

    return -nn.functional.cosine_similarity(across(middle - first), across(last - middle), dim=1).mean()
