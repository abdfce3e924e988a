"""Views that a predictor retrieves for every source and target view of some objects, as a score file keeps them."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from iebench.manifests.common.causes import reason
from iebench.manifests.schema import MAX_VIEW

from ..statistics.resamples import unpack

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Retrievals:
    """Views that a predictor retrieves for every source and target among some views of some val objects.

    The lists are packed as bootstrap samples are. They go object by object, source by source, and over the targets in
    the order of `views`, without the source.

    objects : synset and object_id of each object
    views : numbers of the views that are sources and targets, ascending
    retrieved : number of the view nearest to each prediction by cosine, among all other views of the object
    ranks : rank of each target among all other views of the object, from 1
    """

    objects: tuple[tuple[str, str], ...]
    views: tuple[int, ...]
    retrieved: str
    ranks: str

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number of objects, of sources of an object, and of targets of a source."""
        return len(self.objects), len(self.views), len(self.views) - 1

    def targets(self) -> Rows:
        """Return the targets of each source, as numbers of views: (sources, targets)."""
        return targets_of(np.array(self.views))

    def lists(self) -> tuple[Rows, Rows]:
        """Unpack the retrieved views and the ranks: (objects, sources, targets) each.

        Raises
        ------
        ValueError : a list is damaged, or of another length than the objects and views need.
        """
        retrieved, ranks = (
            np.rint(unpack(text).clip(-1, MAX_VIEW + 1)).astype(np.int64).reshape(self.shape)  # keeps faults visible
            for text in (self.retrieved, self.ranks)
        )
        return retrieved, ranks

    def faults(self, count: int) -> Iterator[str]:
        """Find views, ranks and lists that `iebench score` cannot have written, one clause each.

        count : number of views of an object
        """
        views = self.views
        if len(views) < 2 or list(views) != sorted(set(views)) or not 0 <= views[0] <= views[-1] < count:
            yield f"has the views {list(views)!r:.60}, and needs two or more of 0 to {count - 1}, ascending"
            return
        try:
            retrieved, ranks = self.lists()
        except ValueError as error:
            yield f"has a list that cannot be read ({reason(error)})"
            return
        if retrieved.min() < 0 or retrieved.max() >= count or (retrieved == np.array(views)[:, None]).any():
            yield f"has a retrieved view that is not one of the other views of 0 to {count - 1}"
        elif ranks.min() < 1 or ranks.max() >= count:
            yield f"has ranks from {ranks.min()} to {ranks.max()}, and the target is one of {count - 1} views"
        elif ((retrieved == self.targets()) != (ranks == 1)).any():
            yield "has a target of rank 1 that is not the retrieved view, or a retrieved target of another rank"


def targets_of(views: Rows) -> Rows:
    """Return all views but the source, for each source in turn: (n,) to (n, n - 1).

    >>> targets_of(np.array([0, 4, 9])).tolist()
    [[4, 9], [0, 9], [0, 4]]
    """
    return np.array([np.delete(views, source) for source in range(len(views))])
