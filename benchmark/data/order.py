"""Which views make up which batch: a pure function of (seed, position), so a run resumes by one whole number.

Training walks an endless stream of epochs. Each epoch is a permutation of the objects with K views of each, and batch
number s holds entries s * batch .. (s + 1) * batch - 1 of the stream: what is left of an epoch opens the next one's
first batch. So each object is taken once an epoch, and every batch is full: no shape changes on the way, no batch is
too small for batch statistics, ranks have equal parts. Where an epoch is at least one batch, no batch holds an object
twice, which a contrastive loss would tell from itself: what the epoch before gave to a first batch stands behind it.
"""

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]

PERMUTATION, VIEWS = 0, 1  # the two uses of an epoch's random numbers


def permutation(seed: int, epoch: int, objects: int) -> Indices:
    """The order of objects in an epoch: (objects,), a pure function of its arguments."""
    order: Indices = _generator(seed, epoch, PERMUTATION).permutation(objects).astype(np.int64)
    return order


def views(seed: int, epoch: int, objects: int, stored: int, count: int) -> Indices:
    """Which views of each object an epoch takes, in which order.

    stored : views that each object has
    count : K <= stored
    returns : (objects, count) of distinct views in [0, stored); row i depends on (seed, epoch, i) alone, and every
        ordered choice is equally likely
    """
    uniform = _generator(seed, epoch, VIEWS).random((objects, count))
    chosen = np.empty((objects, count), np.int64)
    for k in range(count):
        place = (uniform[:, k] * (stored - k)).astype(np.int64)  # among the views that are not taken yet
        for taken in np.sort(chosen[:, :k], axis=1).T:
            place += place >= taken
        chosen[:, k] = place
    return chosen


class Order:
    """The rows of every batch.

    objects : how many there are; object i has rows i * stored .. (i + 1) * stored - 1
    stored : views of each object on disk
    batch : objects in a batch
    count : views of each object in a batch, K
    share : which of a batch's entries to give, those of one rank of several
    """

    def __init__(
        self, seed: int, objects: int, stored: int, batch: int, count: int, share: slice = slice(None)
    ) -> None:
        self.share = share
        self.seed, self.objects, self.stored, self.batch, self.count = seed, objects, stored, batch, count
        self._epoch, self._rows = -1, np.empty((0, count), np.int64)
        self._ordered = (-1, np.empty(0, np.int64))  # the last epoch whose order was asked for, since steps come so

    def rows(self, step: int) -> Indices:
        """The rows of batch number `step`, counted from 0: (batch, count), or the share of it."""
        start, end = step * self.batch, (step + 1) * self.batch
        pieces = []
        while start < end:
            epoch, first = divmod(start, self.objects)
            last = min(first + end - start, self.objects)
            pieces.append(self._epoch_rows(epoch)[first:last])
            start += last - first
        rows: Indices = np.concatenate(pieces)[self.share]
        return rows

    def _epoch_rows(self, epoch: int) -> Indices:
        if epoch != self._epoch:  # kept, since steps come in order
            order = self._order(epoch)
            chosen = views(self.seed, epoch, self.objects, self.stored, self.count)
            self._epoch, self._rows = epoch, (np.arange(self.objects)[:, None] * self.stored + chosen)[order]
        return self._rows

    def _order(self, epoch: int) -> Indices:
        """The order of objects in an epoch: its permutation, but for the objects that its first batch has already."""
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
        """The last epoch, up to this one, whose end no earlier epoch decides."""
        if 2 * self.batch <= self.objects:  # what moves within an epoch's first batch leaves its last one as it is
            return max(0, epoch - 1)
        return next(e for e in range(epoch, -1, -1) if not e * self.objects % self.batch)

    def _after(self, before: Indices, epoch: int) -> Indices:
        """The order of an epoch after one of that order."""
        order, held = permutation(self.seed, epoch, self.objects), epoch * self.objects % self.batch
        if not held:
            return order
        there = np.isin(order, before[-held:])
        first = np.flatnonzero(~there)[: self.batch - held]
        return np.concatenate([order[first], np.delete(order, first)])


def _generator(seed: int, epoch: int, use: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, epoch, use])))
