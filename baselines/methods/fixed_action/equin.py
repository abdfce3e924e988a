"""EquIN: a head gives a view's pose as N candidate rotations, a contrast its object (Pérez Rey et al., ECML 2023).

The pose is learned up to a fixed rotation, since the loss compares poses of the same object only: R1' R12 must be R2'.
An object with N symmetric poses R S has N correct candidates, so sets are compared. This needs the rotation in the
world's frame, as in the paper: R2 R1^-1 maps {R1 S} to {R2 S}, and R12 does not, since S R12 is not R12 S.

iebench train --method equin
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor

from iebench.manifests.errors import InvalidValue

from ...action import Latents, onto
from ...fixed_action import FixedActionMethod
from ...losses import check_temperature, no_autocast, nt_xent, precise, total
from ...method import method
from ...networks.encoder import Encoder
from ...networks.projector import check_widths, projector
from ...rotations import from_quaternion, from_six


@dataclass(frozen=True)
class EquINSettings:
    """Settings; no source has values for rendered objects.

    projector : widths of the layers of the invariant projector, for the contrast
    hidden : widths of the layers between the representation and the six numbers of each candidate
    poses : number N of candidate poses
    frame : "object" for R12 from the right, "world" for R2 R1^-1 from the left; several poses need the second
    temperature : tau of NT-Xent; the released code contrasts dot products with 1
    equivariance : weight e of the distance between the sets of candidates
    spread : weight r of the mean squared distance between the candidates of a view, which pulls them together
    """

    projector: tuple[int, ...] = (2048, 2048, 2048)
    hidden: tuple[int, ...] = (512,)
    poses: int = 1
    temperature: float = 0.1
    equivariance: float = 1.0
    spread: float = 0.0
    frame: Literal["object", "world"] = "object"

    def __post_init__(self) -> None:
        check_widths(self.projector)
        check_widths(self.hidden, "hidden")
        check_temperature(self.temperature)
        if self.poses < 1:
            raise InvalidValue(f"poses must be at least 1, not {self.poses}")
        if self.spread and self.poses == 1:
            raise InvalidValue("spread compares the candidates of a view with one another: it needs poses above 1")
        if self.poses > 1 and self.frame == "object":
            raise InvalidValue(
                f"poses={self.poses} are those of a symmetric object, whose rotation relative to itself is not "
                "determined by its pictures: set frame=world"
            )


@method("equin", EquINSettings)
class EquIN(FixedActionMethod):
    """A projector for the contrast, and a head whose outputs are rotations by construction."""

    def __init__(self, encoder: Encoder, settings: EquINSettings) -> None:
        super().__init__(encoder)
        self.settings, self.frame = settings, settings.frame
        self.invariant_projector = projector((self.dim, *settings.projector))
        self.pose_head = projector((self.dim, *settings.hidden, 6 * settings.poses))

    def loss(self, images: Tensor, latents: Latents) -> dict[str, Tensor]:
        """L = NT-Xent(i^x, i^y) + e mean_b sum_i min_j |R_i^x R12 - R_j^y|^2 + r spread, over consecutive views.

        In the world's frame R2 R1^-1 R_i^x takes the place of R_i^x R12.
        """
        views = self.represent(images)
        invariant = self.by_view(self.invariant_projector, views)  # K of (B, E)
        poses = [self._rotations(numbers) for numbers in self.by_view(self.pose_head, views)]  # K of (B, 9 N)
        moved = self.act_next(poses, latents)
        weight = self.settings
        terms = {
            "invariance": total(nt_xent(x, y, weight.temperature) for x, y in pairwise(invariant)),
            "equivariance": total(chamfer(m, y) for m, y in zip(moved, poses[1:], strict=True)),
        }
        loss = terms["invariance"] + weight.equivariance * terms["equivariance"]
        if weight.spread:
            terms["spread"] = total(squared_distances(view, view).mean() for view in poses)
            loss = loss + weight.spread * terms["spread"]
        return {"loss": loss, **terms}

    def embed(self, representation: Tensor) -> Tensor:
        """Map representations (B, dim) to the nine entries of each candidate (B, 9 N)."""
        return self._rotations(self.pose_head(representation))

    def act(self, embedding: Tensor, quaternion: Tensor) -> Tensor:
        """Multiply every candidate by the rotation, from the right: R2 = R1 R12; from the left in the world's frame."""
        with no_autocast(embedding.device):
            turn = onto(from_quaternion(quaternion).to(embedding.dtype), embedding.device)[:, None]
            poses = torch.unflatten(embedding, 1, (-1, 3, 3))
            return (poses @ turn if self.frame == "object" else turn @ poses).flatten(1)

    def rotation(self, source: Tensor, target: Tensor) -> Tensor:
        """Return R1'^-1 R2'; in the world's frame the R2' R1'^-1 that maps one set nearest to the other.

        For a symmetric object it is one of the N rotations that agree with its images. Distances count in both
        directions.
        """
        start, end = (torch.unflatten(view, 1, (-1, 3, 3)) for view in (source, target))  # (B, N, 3, 3)
        if self.frame == "object":
            return start[:, 0].mT @ end[:, 0]
        turns = (end[:, :, None] @ start[:, None].mT).flatten(1, 2)  # (B, N^2, 3, 3)
        moved = (turns[:, :, None] @ start[:, None]).flatten(3)  # (B, N^2, N, 9)
        pairs = (moved[:, :, :, None] - end.flatten(2)[:, None, None]).square().sum(-1)  # (B, N^2, N, N)
        distance = pairs.amin(3).sum(2) + pairs.amin(2).sum(2)
        return turns[torch.arange(len(turns), device=turns.device), distance.argmin(dim=1)]

    def _rotations(self, numbers: Tensor) -> Tensor:
        return from_six(torch.unflatten(precise(numbers), 1, (-1, 6))).flatten(1)


def squared_distances(left: Tensor, right: Tensor) -> Tensor:
    """Squared Frobenius distances between the candidates of two views: two of (B, 9 N) -> (B, N, N).

    For rotations by an angle t from each other it is 8 sin^2(t / 2).
    """
    first, second = (torch.unflatten(view, 1, (-1, 9)) for view in (left, right))
    return (first[:, :, None] - second[:, None]).square().sum(-1)


def chamfer(moved: Tensor, target: Tensor) -> Tensor:
    """Distance from each candidate (B, 9 N) to the nearest of the other set, summed over candidates, mean over B."""
    return squared_distances(moved, target).amin(dim=2).sum(dim=1).mean()
