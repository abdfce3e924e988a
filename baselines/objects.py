"""Settings of methods that remember something about each object of a training split."""

from dataclasses import dataclass, replace
from typing import Self

from iebench.manifests.errors import InvalidValue


@dataclass(frozen=True, kw_only=True)
class ObjectSettings:
    """Settings of a method with a memory of all objects.

    objects : number of objects in the memory; None for the number of objects that a run trains on
    """

    objects: int | None = None

    def __post_init__(self) -> None:
        if self.objects is not None and self.objects < 1:
            raise InvalidValue(f"objects must be at least 1, not {self.objects}")

    def of_objects(self, count: int) -> Self:
        """Return these settings with the number of objects that a run trains on, unless they have one."""
        return self if self.objects is not None else replace(self, objects=count)
