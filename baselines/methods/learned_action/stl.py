"""STL: the action is a code of two views, and the code of one object moves another one (Yu et al., NeurIPS 2024).

Objects come in pairs that share their action, so a code with information about its own object would move the partner
wrongly. Poses only select the partners; no network sees them. On a recipe without shared poses, partners share their
action approximately.

iebench train --method stl
"""

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from ...action import ROTATION, Latents
from ...losses import check_temperature, nt_xent, total
from ...method import Needs, method
from ...networks.encoder import Encoder
from ...networks.predictor import LinearHypernetwork
from ...networks.projector import check_widths, projector
from ...several_views import ActionCodeMethod


@dataclass(frozen=True)
class STLSettings:
    """Defaults of the repository jaemyung-u/stl.

    projector : widths of the layers of the invariant and of the equivariant projector
    code : widths of the layers from two representations to the code of their action
    code_projector : widths of the layers of the projector of codes
    temperature : tau of every NT-Xent
    equivariance, sharing : weights of the contrast of moved representations, and of the contrast of partners' codes
    """

    projector: tuple[int, ...] = (512, 128)
    code: tuple[int, ...] = (128, 128)
    code_projector: tuple[int, ...] = (128, 128)
    temperature: float = 0.2
    equivariance: float = 1.0
    sharing: float = 0.1

    def __post_init__(self) -> None:
        for name in ("projector", "code", "code_projector"):
            check_widths(getattr(self, name), name)
        check_temperature(self.temperature)


@method("stl", STLSettings)
class STL(ActionCodeMethod):
    """Two projectors on the representation, a network from two views to a code, and a hypernetwork of the code."""

    @classmethod
    def needs(cls, settings: STLSettings) -> Needs:
        return Needs(group=2)

    def __init__(self, encoder: Encoder, settings: STLSettings) -> None:
        super().__init__(encoder)
        self.settings = settings
        self.latents = ROTATION  # a dataset without poses has no partners
        self.invariant_projector = projector((self.dim, *settings.projector))
        self.equivariant_projector = projector((self.dim, *settings.projector))
        self.coder = projector((2 * self.dim, *settings.code))
        self.code_size = settings.code[-1]
        self.predictor = LinearHypernetwork(settings.code[-1], self.dim)
        self.code_projector = projector((settings.code[-1], *settings.code_projector))

    def loss(self, images: Tensor, latents: Latents) -> dict[str, Tensor]:
        """L = l(i^x, i^y) + e l(p(h), p(W(t') h)) + w l(c(t), c(t')), l = NT-Xent, t' the partner's code of the action.

        Summed over consecutive views; the second and third contrast have both directions of a pair in one batch.
        """
        views = self.represent(images)  # (B, K, dim)
        invariant = self.by_view(self.invariant_projector, views)  # K of (B, E)
        embedding = self.by_view(self.equivariant_projector, views)
        moved, shared = [], []
        for (x, y), seen in zip(pairwise(views.unbind(1)), pairwise(embedding), strict=True):
            codes = [self.code(x, y), self.code(y, x)]
            predicted = [self.predictor(partners(code), start) for code, start in zip(codes, (x, y), strict=True)]
            target = torch.cat([seen[1], seen[0]])  # x moved forth is y, y moved back is x
            prediction = torch.cat([self.equivariant_projector(view) for view in predicted])
            moved.append(self._contrast(target, prediction))
            sides = [torch.cat([code[side::2] for code in codes]) for side in (0, 1)]
            shared.append(self._contrast(*(self.code_projector(side) for side in sides)))
        terms = {
            "invariance": total(self._contrast(x, y) for x, y in pairwise(invariant)),
            "equivariance": total(moved),
            "sharing": total(shared),
        }
        loss = terms["invariance"]
        for name in ("equivariance", "sharing"):
            loss = loss + getattr(self.settings, name) * terms[name]
        return {"loss": loss, **terms}

    def code(self, first: Tensor, second: Tensor) -> Tensor:
        """Return t (B, C) of two representations (B, dim); see `ActionCodeMethod.code`."""
        code: Tensor = self.coder(torch.cat([first, second], dim=1))
        return code

    def _contrast(self, left: Tensor, right: Tensor) -> Tensor:
        return nt_xent(left, right, self.settings.temperature)


def partners(rows: Tensor) -> Tensor:
    """Exchange the rows of neighbours 2 i and 2 i + 1: (B, E) -> (B, E)."""
    return torch.unflatten(rows, 0, (-1, 2)).flip(1).flatten(0, 1)
