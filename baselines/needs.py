"""The pictures that a method needs, declared by the method; the loader and the checks before a run read it."""

from dataclasses import dataclass
from typing import Literal, get_args

from iebench.manifests.errors import InvalidValue

Property = Literal["shared poses", "shared appearance", "still", "runs"]
"""A property of a dataset's views.

shared poses : view i of every object has the same pose
shared appearance : view i of every object has the same value of every other factor, such as light and floor
still : only the pose and the latents of the method differ between the views of an object
runs : views come in runs with a constant rotation step, R_{i+1} = R_i S; a batch then shows views of one run, in order
"""


@dataclass(frozen=True)
class Needs:
    """Needs of a method beyond images and its latents.

    views : smallest number of views K of an object that the loss accepts
    group : number n of objects in a row of a batch that share the rotations between their views: exactly where poses
        are shared, where they then show the same view numbers, and else as nearly as their views allow
    pictures : properties without which a dataset cannot serve the method; of runs, 3 views at least and no group whose
        poses are not shared
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
                f"{self} cannot be met: a run has 3 views or more, and groups keep it on shared poses only"
            )
