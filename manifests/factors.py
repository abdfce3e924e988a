"""A factor of variation, and groups of factors that are probed together, such as the three angles of a pose."""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from .errors import InvalidValue
from .laws import Law, Numbers, in_words
from .schema import MAX_VIEW

TURNS = {"rad": 2 * math.pi, "turn": 1.0}  # unit of an angle -> size of a full turn in it

GROUPS = {
    "rotation": "rotation",
    "translation": "translation_object",
    "spot.theta": "light_position",
    "spot.phi": "light_position",
}
"""Default groups: "CONTROL" or "CONTROL.COMPONENT" that a factor acts on -> group."""

TAKEN = ("all", "class", "object")  # names of metrics and actions that no group may have


@dataclass(frozen=True)
class Factor:
    """One controlled factor of variation.

    acts_on : "CONTROL.COMPONENT", the renderer's control that puts the value into the scene
    unit : "rad", "turn" or a length; frame : reference frame and origin of the value, in words
    circular : True if the value lies on a circle, so that the two ends of its range are neighbours
    stream : random stream that feeds the law; default: the factor's name; for laws of several factors
    shared : True if all objects have the same values
    drawn : views for which a value is drawn: "view", every view; "object", view 0, whose value all views of the object
        share; "FIRST-LAST", such as "8-14", these views and view 0, whose value all other views share
    group : name of the factors that are probed together; default: see `group_name`
    """

    name: str
    acts_on: str
    unit: str
    frame: str
    circular: bool
    law: Law
    stream: str = ""
    shared: bool = False
    drawn: str = "view"
    group: str = ""

    def __post_init__(self) -> None:
        if self.circular and self.unit not in TURNS:
            raise InvalidValue(f"{self.name} is circular in {self.unit!r}: give it in {' or '.join(TURNS)}")
        if not self._own_views():
            raise InvalidValue(
                f"{self.name} is drawn {self.drawn!r:.80}: give view, object, or the first and last view with a value "
                f'of their own, such as "1-7", from 1 to {MAX_VIEW}'
            )
        if self.group and (not re.fullmatch(r"[A-Za-z]\w*", self.group, re.ASCII) or self.group in TAKEN):
            raise InvalidValue(
                f"{self.name} has the group {self.group!r:.80}: give a name of letters, digits and underscores that is "
                f"none of {', '.join(TAKEN)}"
            )

    def _own_views(self) -> tuple[int, int] | None:
        """Return first and last view after view 0 with a value of their own, last < first for none; None if invalid."""
        if self.drawn in ("view", "object"):
            return (0, MAX_VIEW) if self.drawn == "view" else (1, 0)
        match = re.fullmatch(r"([0-9]{1,4})-([0-9]{1,4})", self.drawn)
        first, last = (int(number) for number in match.groups()) if match else (0, 0)
        return (first, last) if 1 <= first <= last <= MAX_VIEW else None

    def origins(self, views: int) -> Numbers:
        """Return for each view the number of the view that gives its value, itself or 0: (views,) integers."""
        first, last = self._own_views() or (0, MAX_VIEW)
        view = np.arange(views)
        origins: Numbers = np.where((view >= first) & (view <= last), view, 0)
        return origins

    @property
    def in_words(self) -> str:
        """Description of the law and of which views and objects share a value, for a table."""
        views = {"view": "", "object": ", once per object"}.get(self.drawn, f", in views {self.drawn}, else as view 0")
        return in_words(self.law) + views + (", the same for all objects" if self.shared else "")

    @property
    def turn(self) -> float | None:
        """Size of a full turn in the factor's unit; None for a factor that is not circular."""
        return TURNS[self.unit] if self.circular else None

    @property
    def group_name(self) -> str:
        """Name of the factor's group: as given, or the default of what it acts on (`GROUPS`), or the factor's name."""
        control = self.acts_on.partition(".")[0]
        return self.group or GROUPS.get(self.acts_on) or GROUPS.get(control) or self.name


@dataclass(frozen=True)
class FactorGroup:
    """Factors that are probed together, in the order of the recipe.

    Unit, circularity, turn and law belong to each factor: `light_position` has a circular factor and one that is not.
    """

    name: str
    factors: tuple[Factor, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the factors; they are the columns of the latents."""
        return tuple(factor.name for factor in self.factors)

    @property
    def shared(self) -> bool:
        """True if all objects have the same values of all factors of the group."""
        return all(factor.shared for factor in self.factors)


def factor_groups(factors: Iterable[Factor]) -> tuple[FactorGroup, ...]:
    """Return the groups of a recipe's factors, in the order of each group's first factor.

    It needs no more than the factors that dataset.json holds, also those of a dataset that was rendered before groups.

    >>> from .recipe import load
    >>> {group.name: group.names for group in factor_groups(load("3diebench").factors)}["light_position"]
    ('light_theta', 'light_phi')
    """
    groups: dict[str, list[Factor]] = {}
    for factor in factors:
        groups.setdefault(factor.group_name, []).append(factor)
    return tuple(FactorGroup(name, tuple(members)) for name, members in groups.items())
