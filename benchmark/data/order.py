"""Order of views in batches: a pure function of (seed, position), so that a run resumes from one whole number.

Training reads an endless stream of epochs. Each epoch is a permutation of the objects with K views of each. Batch
number s holds entries s * batch .. (s + 1) * batch - 1 of the stream, so the rest of an epoch is in the first batch of
the next one. Every object is used once per epoch. Every batch is full: shapes never change, no batch is too small for
batch statistics, and ranks have equal shares. If an epoch is at least one batch, no batch holds an object twice, since
a contrastive loss would treat the copies as different objects: objects that the previous epoch contributed to a batch
are moved behind that batch.
"""

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]

PERMUTATION, VIEWS = 0, 1  # the two uses of an epoch's random numbers


def permutation(seed: int, epoch: int, objects: int) -> Indices:
    """Return the order of objects in an epoch: (objects,), a pure function of its arguments."""
    order: Indices = _generator(seed, epoch, PERMUTATION).permutation(objects).astype(np.int64)
    return order


def views(seed: int, epoch: int, objects: int, stored: int, count: int) -> Indices:
    """Choose the views of each object for an epoch, and their order.

    stored : number of views of each object
    count : K <= stored
    returns : (objects, count) of distinct views in [0, stored); row i depends on (seed, epoch, i) alone, and every
        ordered choice is equally likely
    """
    uniform = _generator(seed, epoch, VIEWS).random((objects, count))
    chosen = np.empty((objects, count), np.int64)
    for k in range(count):
        position = (uniform[:, k] * (stored - k)).astype(np.int64)  # index among the views that are not taken yet
        for taken in np.sort(chosen[:, :k], axis=1).T:
            position += position >= taken
        chosen[:, k] = position
    return chosen


def runs(seed: int, epoch: int, begins: NDArray[np.bool_], count: int) -> Indices:
    """Choose a run of consecutive views of each object for an epoch.

    begins : (objects, stored - count + 1), True for the views that begin a run of `count`; one at least of each object
    returns : (objects, count) of ascending views; every run of an object is equally likely
    """
    uniform = _generator(seed, epoch, VIEWS).random(len(begins))
    number = (uniform * begins.sum(axis=1)).astype(np.int64)  # among the object's own
    order = np.argsort(~begins, axis=1, kind="stable")  # the views that begin a run, ascending, then the others
    first: Indices = np.take_along_axis(order, number[:, None], axis=1)
    return first + np.arange(count)


class Order:
    """The rows of every batch.

    objects : number of objects; object i has rows i * stored .. (i + 1) * stored - 1
    stored : views of each object on disk
    batch : objects per batch
    count : views of each object per batch, K
    share : slice of each batch to return, for one rank of several
    begins : views that begin a run, see `runs`; None for views in any order
    """

    def __init__(
        self,
        seed: int,
        objects: int,
        stored: int,
        batch: int,
        count: int,
        share: slice = slice(None),
        begins: NDArray[np.bool_] | None = None,
    ) -> None:
        self.share, self.begins = share, begins
        self.seed, self.objects, self.stored, self.batch, self.count = seed, objects, stored, batch, count
        self._epoch, self._rows = -1, np.empty((0, count), np.int64)
        self._ordered = (-1, np.empty(0, np.int64))  # the last epoch and its order, kept since steps come in order

    def rows(self, step: int) -> Indices:
        """Return the rows of batch number `step`, counted from 0: (batch, count), or this rank's share of them."""
        start, end = step * self.batch, (step + 1) * self.batch
        pieces = []
        while start < end:
            epoch, first = divmod(start, self.objects)
            last = min(first + end - start, self.objects)
            pieces.append(self._epoch_rows(epoch)[first:last])
            start += last - first
        rows: Indices = np.concatenate(pieces)[self.share]
        return rows

    def facts(self, step: int) -> dict[str, float]:
        """Return numbers about batch number `step` for the log of a run: none."""
        return {}

    def _epoch_rows(self, epoch: int) -> Indices:
        if epoch != self._epoch:  # kept, since steps come in order
            order = self._order(epoch)
            if self.begins is None:
                chosen = views(self.seed, epoch, self.objects, self.stored, self.count)
            else:
                chosen = runs(self.seed, epoch, self.begins, self.count)
            self._epoch, self._rows = epoch, (np.arange(self.objects)[:, None] * self.stored + chosen)[order]
        return self._rows

    def _order(self, epoch: int) -> Indices:
        """Return an epoch's order of objects: its permutation; objects that its first batch has already move back."""
        if self.batch > self.objects:
            return permutation(self.seed, epoch, self.objects)
        known, order = self._ordered
        if not 0 <= known <= epoch:
            known = self._alone(epoch)
            order = permutation(self.seed, known, self.objects)
        for later in range(known + 1, epoch + 1):
            order = self._after(order, later)
        self._ordered = (epoch, order)
        return order

    def _alone(self, epoch: int) -> int:
        """Return the last epoch up to this one whose order no earlier epoch affects."""
        if 2 * self.batch <= self.objects:  # moves within an epoch's first batch do not change its last one
            return max(0, epoch - 1)
        return next(e for e in range(epoch, -1, -1) if not e * self.objects % self.batch)

    def _after(self, before: Indices, epoch: int) -> Indices:
        """Return the order of an epoch from the order of the epoch before it."""
        order, held = permutation(self.seed, epoch, self.objects), epoch * self.objects % self.batch
        if not held:
            return order
        overlap = np.isin(order, before[-held:])
        first = np.flatnonzero(~overlap)[: self.batch - held]
        return np.concatenate([order[first], np.delete(order, first)])


def _generator(seed: int, epoch: int, use: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, epoch, use])))
