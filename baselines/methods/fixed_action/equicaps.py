"""EquiCaps: capsules whose poses are multiplied by the relative pose, without a predictor (Konstantinou et al. 2025).

A capsule head reads the map before the mean. Its activations are the invariant part; its poses, matrices, are
multiplied by the rotation or the rigid motion between two views. The encoder's representations are scored, as in the
paper.

iebench train --method equicaps
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from iebench.manifests.conventions import pose_quaternion
from iebench.manifests.errors import InvalidValue

from ...action import ROTATION, Latents, onto
from ...capsule_method import CapsuleMethod, check_capsules, spread
from ...losses import covariance, distance, no_autocast, total, variance, weighted
from ...method import method
from ...networks.capsules import SMALLEST
from ...networks.encoder import Encoder
from ...rotations import from_quaternion, nearest
from ...several_views import RotationMethod

TRANSLATION = ("trans_x", "trans_y", "trans_z")


@dataclass(frozen=True)
class EquiCapsSettings:
    """Defaults of the repository AberdeenML/EquiCaps for 3DIEBench at 256 pixels.

    capsules : number K of capsules
    pose : side of the pose matrices, 3 for rotations or 4 for rigid motions
    translation : "none", or the translation in the "object" frame (M = T R) or the "base" frame (M = R T)
    side : positions a side of the map that the head reads; a map of another size is averaged to it
    invariance, equivariance, variance, covariance, spread : the loss weights; spread is that of the mean activations
    """

    capsules: int = 32
    pose: Literal[3, 4] = 3
    translation: Literal["none", "object", "base"] = "none"
    side: int = 8
    invariance: float = 0.1
    equivariance: float = 5.0
    variance: float = 10.0
    covariance: float = 1.0
    spread: float = 1.0

    def __post_init__(self) -> None:
        check_capsules(self.capsules, self.side)
        if self.pose not in (3, 4):
            raise InvalidValue(f"pose must be 3 or 4, not {self.pose}")
        if self.translation != "none" and self.pose == 3:
            raise InvalidValue(f"translation={self.translation} needs rigid motions: set pose=4")


@method("equicaps", EquiCapsSettings)
class EquiCaps(CapsuleMethod, RotationMethod):
    """A capsule head on the last map of the backbone."""

    def __init__(self, encoder: Encoder, settings: EquiCapsSettings) -> None:
        super().__init__(encoder, settings.capsules, settings.pose**2, settings.side)
        self.settings = settings
        self.latents = ROTATION + (TRANSLATION if settings.translation != "none" else ())

    def loss(self, images: Tensor, latents: Latents) -> dict[str, Tensor]:
        """L = 0.1 H(A^y, A^x) + 5 MSE(|P^x M12|, |P^y|) + 10 V + C + sum(log K - H(mean A)), |.| of unit norm.

        Over consecutive views; V and C are of activations and unit poses, those of x after the motion.
        """
        activation, flat = self.activations_and_poses(images)
        terms: dict[str, list[Tensor]] = {name: [] for name in ("invariance", "equivariance", "variance", "covariance")}
        with no_autocast(images.device):
            poses = [torch.unflatten(view, 1, (-1, self.settings.pose, self.settings.pose)) for view in flat]
            for (a, b), (x, y), motion in zip(
                pairwise(activation), pairwise(poses), self.motions(latents), strict=True
            ):
                moved, target = (_unit(p) for p in (x @ onto(motion, x.device).to(x.dtype)[:, None], y))
                terms["invariance"].append(-(b * a.clamp(min=SMALLEST).log()).sum(dim=1).mean())
                terms["equivariance"].append(distance(moved, target))
                for side in (torch.cat([a, moved], dim=1), torch.cat([b, target], dim=1)):
                    terms["variance"].append(variance(side))
                    terms["covariance"].append(covariance(side))
        sums = {name: total(values) for name, values in terms.items()}
        return weighted(sums | {"spread": spread(activation)}, self.settings)

    def embed(self, representation: Tensor) -> Tensor:
        """Return the poses (B, K p p) of features (B, dim + beside); there is no predictor of them."""
        return representation[:, self.parts["poses"]]

    def rotation(self, source: Tensor, target: Tensor) -> Tensor:
        """Return the rotation R with the least sum over capsules of | |P^x| R - |P^y| |^2 (Procrustes).

        A rigid motion multiplies the first three columns of a pose by its rotation alone, so these are compared.
        """
        side = self.settings.pose
        poses = (_unit(torch.unflatten(view, 1, (-1, side, side))) for view in (source, target))
        start, end = (torch.unflatten(view, 1, (-1, side))[:, :, :3] for view in poses)  # (B, K p, 3)
        return nearest(start.mT @ end)

    def motions(self, latents: Latents) -> list[Tensor]:
        """Return M1^-1 M2 from each view to the next: (B, K) per latent -> K - 1 of (B, pose, pose) float64."""
        angles = torch.stack([latents[name] for name in ROTATION], dim=-1).cpu()
        turns = from_quaternion(torch.from_numpy(pose_quaternion(np.asarray(angles)))).unbind(1)  # K of (B, 3, 3)
        if self.settings.pose == 3:
            return [first.mT @ second for first, second in pairwise(turns)]
        shifts = torch.zeros_like(angles)
        if self.settings.translation != "none":
            shifts = torch.stack([latents[name] for name in TRANSLATION], dim=-1).cpu()
        ends = list(shifts[..., None].unbind(1))  # K of (B, 3, 1): T R moves the origin by t, and R T by R t
        if self.settings.translation == "base":
            ends = [turn @ end for turn, end in zip(turns, ends, strict=True)]
        steps = zip(pairwise(turns), pairwise(ends), strict=True)
        upper = [torch.cat([r.mT @ s, r.mT @ (end - start)], dim=2) for (r, s), (start, end) in steps]
        return [nn.functional.pad(rows, (0, 0, 0, 1)) + _corner(rows) for rows in upper]


def _unit(poses: Tensor) -> Tensor:
    """Return every pose matrix with Frobenius norm 1, flat: (B, K, p, p) -> (B, K p p)."""
    return nn.functional.normalize(poses.flatten(2), dim=2, eps=SMALLEST).flatten(1)


def _corner(rows: Tensor) -> Tensor:
    """Return zeros (4, 4) with the 1 of a rigid motion's last row."""
    corner = torch.zeros(4, 4, dtype=rows.dtype)
    corner[3, 3] = 1
    return corner
