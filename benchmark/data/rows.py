"""Row numbers of views: a dataset has its objects' views one after another."""

import numpy as np
from numpy.typing import NDArray


def spread(count: int, limit: int | None) -> NDArray[np.int64]:
    """`limit` of 0 .. count-1, evenly spread; all of them when `limit` is None or not less.

    >>> spread(10, 4).tolist()
    [0, 2, 5, 7]
    """
    chosen = count if limit is None else min(limit, count)
    return np.arange(chosen) * count // chosen


def rows_of(objects: NDArray[np.int64], stored: int, views: int | None = None) -> NDArray[np.int64]:
    """The rows of some objects' first views, object by object.

    stored : views that each object has; views : how many of them, all by default

    >>> rows_of(np.array([0, 3]), stored=10, views=2).tolist()
    [0, 1, 30, 31]
    """
    rows: NDArray[np.int64] = (objects[:, None] * stored + np.arange(stored if views is None else views)).ravel()
    return rows
