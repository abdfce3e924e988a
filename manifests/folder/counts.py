"""Counts of objects, images and shards in dataset.json, checked for consistency."""

from dataclasses import dataclass

from ..brief import number
from ..errors import InvalidValue
from ..schema import MAX_VIEW

MOST_SHARDS = 1_000_000  # per split: 2.5 billion images


@dataclass(frozen=True)
class SplitCounts:
    """Number of objects with images, of their images and of the shards that contain them."""

    objects: int
    images: int
    shards: int

    def check(self, split: str, failures: int) -> None:
        """Refuse counts that no rendering can produce.

        failures : number of objects without images in all splits

        Raises
        ------
        InvalidValue : a count is impossible; the message names it.
        """
        for name, value in vars(self).items():
            if value < 0:
                raise InvalidValue(f"{split}.{name} is {number(value)}, less than 0")
        most = min(self.objects + failures, MOST_SHARDS)
        if not (self.objects > 0) <= self.shards <= most:
            raise InvalidValue(f"{split}.shards is {number(self.shards)}, and its objects fill 1 to {number(most)}")
        if not self.objects <= self.images <= self.objects * (MAX_VIEW + 1):
            each = f"{number(self.objects)} objects have 1 to {MAX_VIEW + 1} each"
            raise InvalidValue(f"{split}.images is {number(self.images)}, and {each}")


@dataclass(frozen=True)
class Counts:
    """Counts of a dataset. classes : with at least one object; failures : objects without images."""

    train: SplitCounts
    val: SplitCounts
    classes: int
    failures: int

    def __post_init__(self) -> None:
        if self.failures < 0:
            raise InvalidValue(f"failures is {number(self.failures)}, less than 0")
        self.train.check("train", self.failures)
        self.val.check("val", self.failures)
        objects = self.train.objects + self.val.objects + self.failures
        if not 0 <= self.classes <= objects:
            raise InvalidValue(f"classes is {number(self.classes)}, of {number(objects)} objects")
