"""The action between two views: the numbers that describe how the second view differs from the first.

"rotation" is the quaternion of R12 = R1^-1 R2 (4 numbers). "rotation-colour" adds the differences of the floor's and
the light's hue (6). "all" adds the light's direction too (8), as Garrido et al. 2023 and Ghaemi et al. 2025 do.
"""

from collections.abc import Mapping
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor

from iebench.manifests.conventions import relative_quaternion

Action = Literal["rotation", "rotation-colour", "all"]
Latents = Mapping[str, Tensor]
"""Latent name -> (B,) or (B, K) float64, on the CPU; under LABEL the class, int64."""

LABEL = "label"  # the class of the object, for methods that are trained on it
ROTATION = ("rot_x", "rot_y", "rot_z")  # the latents that make up a pose
DIFFERENCES: dict[Action, tuple[str, ...]] = {
    "rotation": (),
    "rotation-colour": ("floor_hue", "light_hue"),
    "all": ("floor_hue", "light_theta", "light_phi", "light_hue"),
}


def columns(action: Action) -> tuple[str, ...]:
    """Return the names of the latents that an action is computed from.

    >>> columns("rotation-colour")
    ('rot_x', 'rot_y', 'rot_z', 'floor_hue', 'light_hue')
    """
    return ROTATION + DIFFERENCES[action]


def size(action: Action) -> int:
    """Number of components of an action.

    >>> [size(action) for action in DIFFERENCES]
    [4, 6, 8]
    """
    return 4 + len(DIFFERENCES[action])


def between(action: Action, source: Latents, target: Latents, as_released: bool = False) -> Tensor:
    """Return the action that leads from source to target.

    Differences are plain, without wrap-around, as in the released code: a difference of hues lies in (-1, 1).

    source, target : (B,) float64 for each of `columns(action)`
    as_released : see `rotation_between`
    returns : (B, size) float64 on the CPU, the quaternion (scalar last) first
    """
    moved = [(target[name] - source[name]).cpu() for name in DIFFERENCES[action]]
    return torch.cat([rotation_between(source, target, as_released), *(step.unsqueeze(-1) for step in moved)], dim=-1)


def steps(action: Action, latents: Latents) -> list[Tensor]:
    """Return the action from each view to the next one: (B, K) per latent -> K - 1 of (B, size)."""
    views = [view(latents, number) for number in range(latents[ROTATION[0]].shape[1])]
    return [between(action, *pair) for pair in pairwise(views)]


def rotation_between(source: Latents, target: Latents, as_released: bool = False) -> Tensor:
    """Return the quaternions of R12 = R1^-1 R2 (scalar last) from source to target pose.

    source, target : (B,) float64 radians for each of rot_x, rot_y, rot_z
    as_released : True for the sign that the SIE scripts use; False for w >= 0
    returns : (B, 4) float64 on the CPU
    """
    start, end = (torch.stack([view[name] for name in ROTATION], dim=-1).cpu().numpy() for view in (source, target))
    return torch.from_numpy(relative_quaternion(start, end, as_released))


def onto(values: Tensor, device: torch.device) -> Tensor:
    """Copy a CPU tensor to a device; on a GPU the copy is asynchronous, from pinned memory."""
    return values.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else values.to(device)


def view(latents: Latents, number: int) -> Latents:
    """Return the latents of one view: (B, K) each -> (B,) each."""
    return {name: values[:, number] for name, values in latents.items()}
