"""Plain implementations of passes, NT-Xent and the prediction of the next view, to compare the methods with."""

from collections.abc import Callable, Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation
from torch import Tensor

from iebench.baselines.action import ROTATION

Array = NDArray[np.float64]


def one_by_one(views: Tensor, *modules: Callable[[Tensor], Tensor]) -> Tensor:
    """Apply modules in sequence to views (B, K, ...), one forward pass per view: (B, K, E)."""
    outputs = []
    for k in range(views.shape[1]):
        output = views[:, k]
        for module in modules:
            output = module(output)
        outputs.append(output)
    return torch.stack(outputs, dim=1)


def restated_nt_xent(left: Array, right: Array, temperature: float) -> float:
    """Return the mean of -log(exp(s_ij) / sum over k != i of exp(s_ik)) over both directions, by loops."""
    both = [*left, *right]
    losses = []
    for i, anchor in enumerate(both):
        near = [np.exp(anchor @ o / np.linalg.norm(anchor) / np.linalg.norm(o) / temperature) for o in both]
        partner = (i + len(left)) % len(both)
        losses.append(-np.log(near[partner] / (sum(near) - near[i])))
    return float(np.mean(losses))


def restated_prediction(weight: Tensor, embedding: Array, latents: Mapping[str, Tensor], view: int) -> Array:
    """Return W(q) e with the matrices built explicitly, from each view to the next: (B, E)."""
    q = restated_actions(latents, view)
    matrices = [sum(z * w for z, w in zip(row, weight.detach().numpy(), strict=True)) for row in q]
    return np.stack([m @ e for m, e in zip(matrices, embedding, strict=True)])


def restated_actions(latents: Mapping[str, Tensor], view: int, colour: bool = False) -> Array:
    """Return the quaternion from a view to the next; with `colour` also the differences of both hues: (B, 4 or 6)."""
    angles = np.stack([latents[name].numpy() for name in ROTATION], -1)
    first, second = (Rotation.from_euler("xyz", angles[:, v]).as_matrix() for v in (view, view + 1))
    q = Rotation.from_matrix(first.transpose(0, 2, 1) @ second).as_quat()
    q *= np.where(q[:, 3:] < 0, -1, 1)
    if not colour:
        return q
    hues = np.stack([latents[name].numpy() for name in ("floor_hue", "light_hue")], -1)
    return np.concatenate([q, hues[:, view + 1] - hues[:, view]], axis=1)
