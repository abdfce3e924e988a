"""The action between two views: the numbers that describe how the second view differs from the first.

Three actions have names, as in Garrido et al. 2023 and Ghaemi et al. 2025. "rotation" is the quaternion of
R12 = R1^-1 R2 (4 numbers). "rotation-colour" adds the differences of the floor's and the light's hue (6), "all" those
of the light's direction too (8). Their differences are plain, also of circular factors.

Any other action is a comma list of factor groups of a dataset, in the order of its numbers, such as
"rotation,camera_azimuth". The rotation is the quaternion; a factor that is not circular is its difference (1 number); a
circular factor is the sine and cosine of its difference (2 numbers), so that a full turn counts as none. A run's
config.json has the list as `resolved` returns it, with the factors of each group: "rotation,camera_azimuth:rad".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from iebench.manifests.brief import few
from iebench.manifests.conventions import ANGLES, canonical, pose_quaternion, quaternion_product, relative_quaternion
from iebench.manifests.factors import TURNS, Factor, factor_groups

from .errors import SettingError, suggest

Action = str
"""A name of `DIFFERENCES`, or a comma list of "rotation", names of factors, and FACTOR:UNIT for circular ones; see
`resolved`.
"""
Latents = Mapping[str, Tensor]
"""Latent name -> (B,) or (B, K) float64, on the CPU; under LABEL the class and under OBJECT the
object's number in the split, int64."""

LABEL = "label"  # the class of the object, for methods that are trained on it
OBJECT = "object"  # the number of the object in its split, for methods that store data of each object
ROTATION = ANGLES
DIFFERENCES: dict[Action, tuple[str, ...]] = {
    "rotation": (),
    "rotation-colour": ("floor_hue", "light_hue"),
    "all": ("floor_hue", "light_theta", "light_phi", "light_hue"),
}
"""Named actions, with the factors whose plain differences follow the quaternion."""


@dataclass(frozen=True)
class _Term:
    """A part of an action.

    latents : the pose's angles for a quaternion, or one factor
    turn : size of a full turn of a circular factor in its unit; None for a plain difference
    """

    latents: tuple[str, ...]
    turn: float | None = None

    @property
    def size(self) -> int:
        return 4 if self.latents == ROTATION else 1 if self.turn is None else 2

    def between(self, source: Latents, target: Latents, as_released: bool) -> Tensor:
        """Return the term's numbers: (B, size) float64 on the CPU."""
        if self.latents == ROTATION:
            return rotation_between(source, target, as_released)
        (name,) = self.latents
        difference = (target[name] - source[name]).cpu().unsqueeze(-1)
        if self.turn is None:
            return difference
        angle = difference * (2 * torch.pi / self.turn)
        return torch.cat([angle.sin(), angle.cos()], dim=-1)


def _terms(action: Action) -> list[_Term]:
    if action in DIFFERENCES:
        return [_Term(ROTATION), *(_Term((name,)) for name in DIFFERENCES[action])]
    return [_term(part) for part in action.split(",")]


def _term(part: str) -> _Term:
    name, colon, unit = part.rpartition(":") if ":" in part else (part, "", "")
    if not name or (colon and unit not in TURNS):
        raise SettingError(
            f"method.action: {part!r:.80} is neither a factor nor, for a circular one, FACTOR:UNIT with the unit "
            f"{' or '.join(TURNS)}"
        )
    return _Term(ROTATION) if part == "rotation" else _Term((name,), TURNS[unit] if colon else None)


def resolved(action: Action, factors: Sequence[Factor], dataset: str) -> Action:
    """Replace the groups of an action by their factors in a dataset; a named action stays as it is.

    A part of the list is a group or a single factor of the dataset. A factor that comes twice counts once.

    factors : factors of the dataset's recipe; dataset : name of the dataset for the message

    >>> from iebench.manifests.recipe import load
    >>> resolved("rotation,light_position", load("3diebench").factors, "data")
    'rotation,light_theta,light_phi:rad'

    Raises
    ------
    SettingError : the dataset has no such group.
    """
    if action in DIFFERENCES:
        return action
    groups = {group.name: group.factors for group in factor_groups(factors)}
    single = {factor.name: (factor,) for factor in factors}
    parts: dict[str, None] = {}  # in order, each once
    for part in action.split(","):
        name = part.strip()
        members = groups.get(name) or single.get(name) or single.get(name.rpartition(":")[0])
        if members is None:
            known = {**groups, **(DIFFERENCES if part == action else {})}
            raise SettingError(
                f"method.action: {dataset} has no factor group {name!r:.80} (it has {few(groups, 20)}); "
                f"{suggest(name, known)}"
            )
        names = [factor.name for factor in members]
        posed = set(ROTATION) <= set(names)
        parts |= {"rotation": None} if posed else {}
        parts |= {_spelt(factor): None for factor in members if not (posed and factor.name in ROTATION)}
    return ",".join(parts)


def _spelt(factor: Factor) -> str:
    return f"{factor.name}:{factor.unit}" if factor.circular else factor.name


def columns(action: Action) -> tuple[str, ...]:
    """Return the names of the latents that an action is computed from.

    >>> columns("rotation-colour")
    ('rot_x', 'rot_y', 'rot_z', 'floor_hue', 'light_hue')
    >>> columns("camera_azimuth:rad,object_scale")
    ('camera_azimuth', 'object_scale')
    """
    return tuple(name for term in _terms(action) for name in term.latents)


def size(action: Action) -> int:
    """Number of components of an action.

    >>> [size(action) for action in (*DIFFERENCES, "rotation,camera_azimuth:rad,object_scale")]
    [4, 6, 8, 7]
    """
    return sum(term.size for term in _terms(action))


def between(action: Action, source: Latents, target: Latents, as_released: bool = False) -> Tensor:
    """Return the action that leads from source to target, its parts in order.

    Differences of a named action are plain, without wrap-around, as in the released code: a difference of hues lies in
    (-1, 1).

    source, target : (B,) float64 for each of `columns(action)`
    as_released : see `rotation_between`
    returns : (B, size) float64 on the CPU; quaternions are scalar last
    """
    return torch.cat([term.between(source, target, as_released) for term in _terms(action)], dim=-1)


def steps(action: Action, latents: Latents, as_released: bool = False) -> list[Tensor]:
    """Return the action from each view to the next one: (B, K) per latent -> K - 1 of (B, size); see `between`."""
    views = [view(latents, number) for number in range(latents[columns(action)[0]].shape[1])]
    return [between(action, *pair, as_released) for pair in pairwise(views)]


def rotation_between(source: Latents, target: Latents, as_released: bool = False) -> Tensor:
    """Return the quaternions of R12 = R1^-1 R2 (scalar last) from source to target pose.

    source, target : (B,) float64 radians for each of rot_x, rot_y, rot_z
    as_released : True for the sign that the SIE scripts use; False for w >= 0
    returns : (B, 4) float64 on the CPU
    """
    start, end = (torch.stack([view[name] for name in ROTATION], dim=-1).cpu().numpy() for view in (source, target))
    return torch.from_numpy(relative_quaternion(start, end, as_released))


def turn_between(source: Latents, target: Latents) -> Tensor:
    """Return the quaternions (B, 4) of R2 R1^-1, which turns the source pose to the target's in the world's frame.

    source, target : (B,) float64 radians for each of rot_x, rot_y, rot_z
    """
    start, end = (torch.stack([view[name] for name in ROTATION], dim=-1).cpu().numpy() for view in (source, target))
    back = pose_quaternion(start) * np.array([-1.0, -1.0, -1.0, 1.0])
    return torch.from_numpy(canonical(quaternion_product(pose_quaternion(end), back)))


def onto(values: Tensor, device: torch.device) -> Tensor:
    """Copy a CPU tensor to a device; on a GPU the copy is asynchronous, from pinned memory."""
    return values.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else values.to(device)


def view(latents: Latents, number: int) -> Latents:
    """Return the latents of one view: (B, K) each -> (B,) each."""
    return {name: values[:, number] for name, values in latents.items()}
