"""Row numbers of views; a dataset stores the views of each object in consecutive rows."""

import numpy as np
from numpy.typing import NDArray


def spread(count: int, limit: int | None) -> NDArray[np.int64]:
    """Return `limit` numbers of 0 .. count-1, evenly spread; all of them if `limit` is None or larger.

    >>> spread(10, 4).tolist()
    [0, 2, 5, 7]
    """
    chosen = count if limit is None else min(limit, count)
    return np.arange(chosen) * count // chosen


def spread_rows(objects: int, stored: int, views: int) -> NDArray[np.int64]:
    """Return the rows of evenly spread views of every object: (objects, views), all views if they are fewer.

    stored : number of views of each object; views : number of views to return

    >>> spread_rows(objects=2, stored=10, views=2).tolist()
    [[0, 5], [10, 15]]
    """
    rows: NDArray[np.int64] = np.arange(objects)[:, None] * stored + spread(stored, views)
    return rows


def rows_of(objects: NDArray[np.int64], stored: int, views: int | None = None) -> NDArray[np.int64]:
    """Return the rows of the first views of some objects, object by object.

    stored : number of views of each object; views : number of views to return, default all

    >>> rows_of(np.array([0, 3]), stored=10, views=2).tolist()
    [0, 1, 30, 31]
    """
    rows: NDArray[np.int64] = (objects[:, None] * stored + np.arange(stored if views is None else views)).ravel()
    return rows
