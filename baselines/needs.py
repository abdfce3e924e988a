"""The views that a method needs: declared by the method, read by the loader and by the checks before a run."""

from dataclasses import dataclass
from typing import Literal, get_args

from iebench.manifests.errors import InvalidValue

Property = Literal["shared poses", "shared appearance", "still", "runs"]
"""A property of a dataset's views.

shared poses : view i of every object has the same pose
shared appearance : view i of every object has the same value of every other factor, such as light and floor
still : only the pose, and the latents that the method is conditioned on, differ between the views of an object
runs : views come in runs with a constant rotation step, R_{i+1} = R_i S; a batch then shows views of one run, in order
"""


@dataclass(frozen=True)
class Needs:
    """Needs of a method beyond images and its latents.

    views : smallest number of views K of an object that the loss accepts
    group : number n of consecutive objects of a batch that share the rotations between their views. In a dataset with
        shared poses they have the same view numbers and so equal rotations; else the rotations are as near as possible
    pictures : properties that the dataset's views must have; "runs" needs at least 3 views, and in groups shared poses
    map : smallest number of positions a side of the encoder's last map; 0 for a method that reads no map
    """

    views: int = 2
    group: int = 1
    pictures: tuple[Property, ...] = ()
    map: int = 0

    def __post_init__(self) -> None:
        if unknown := [name for name in self.pictures if name not in get_args(Property)]:
            raise InvalidValue(f"pictures have no property {unknown[0]!r}; choose from {', '.join(get_args(Property))}")
        alone = self.group == 1 or "shared poses" in self.pictures
        if "runs" in self.pictures and not (self.views >= 3 and alone):
            raise InvalidValue(
                f"{self} cannot be met: a run has 3 views or more, and the objects of a group need shared poses for it"
            )
