"""The pass `nocs` of a split: for every pixel of an image the point on the object that it shows."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from iebench.manifests.reading.pictures import points
from iebench.manifests.schema import position_columns

from ..errors import DatasetError
from .images import Images
from .tars import Tars

NOCS = "nocs"


@dataclass(frozen=True, eq=False)
class ObjectPoints:
    """Reader of the points of a split's images; their PNGs are in the tars beside the JPEGs.

    side : side of the stored images in pixels
    """

    tars: Tars
    side: int

    @staticmethod
    def of(images: Images) -> "ObjectPoints | None":
        """Return the reader for a split; None for a dataset without the pass."""
        if NOCS not in images.info.recipe.passes:
            return None
        offset, size, sha256 = (images.table[column] for column in position_columns(NOCS))
        paths, shard, side = images.tars.paths, images.tars.shard, images.resolution
        return ObjectPoints(Tars(paths, shard, offset.to_numpy(), size.to_numpy(), sha256, side, "RGB"), side)

    def read(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the points in the object's own frame, (n, side, side, 3); NaN where a pixel shows something else.

        Raises
        ------
        DatasetError : bytes that cannot be read, have another SHA-256, or are not an image of this size.
        """
        read = np.empty((len(rows), self.side, self.side, 3), np.float32)
        for position, png in enumerate(self.tars.members(rows)):
            try:
                read[position] = points(png)
            except (OSError, ValueError) as error:  # ValueError: another size
                path = self.tars.paths[int(self.tars.shard[rows[position]])]
                raise DatasetError(
                    f"{path}: a pass {NOCS} is not an image of {self.side} pixels: render the dataset again"
                ) from error
        return read
