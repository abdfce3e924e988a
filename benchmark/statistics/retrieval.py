"""Retrieval at any scale: ranks by counting, nearest rows by tiled products, without sorting or a whole matrix.

With ties, values are means over all orders of the tied items, so a collapsed encoder scores exactly as chance. If only
strictly better items counted, it would have rank 1; an unstable sort could give it any rank.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

Array = NDArray[np.float64]
Rows = NDArray[np.int64]
Vectors = NDArray[np.float32]
Real = TypeVar("Real", np.float32, np.float64)

QUERIES, TILE = 1_024, 16_384  # queries and gallery rows compared at once: 64 MiB of scores


@dataclass(frozen=True)
class RankCounts:
    """Counts that determine the rank of the right item for each query.

    better : (queries,) number of items with a higher score; equal : number with the same score, itself included
    """

    better: Rows
    equal: Rows

    @property
    def ranks(self) -> Array:
        """Mean rank, from 1, over all orders of tied items: (queries,)."""
        ranks: Array = self.better + (self.equal + 1) / 2
        return ranks

    @property
    def reciprocal(self) -> Array:
        """Mean reciprocal rank over all orders of tied items: (queries,)."""
        harmonic = np.concatenate([[0.0], np.cumsum(1 / np.arange(1, (self.better + self.equal).max(initial=1) + 1))])
        mean: Array = (harmonic[self.better + self.equal] - harmonic[self.better]) / self.equal
        return mean

    def within(self, k: int) -> Array:
        """Return the fraction of orders of tied items with the right item among the first k: (queries,) in [0, 1]."""
        share: Array = np.clip((k - self.better) / self.equal, 0.0, 1.0)
        return share


def rank_counts(scores: NDArray[np.floating[Any]], correct: Rows, tie: float) -> RankCounts:
    """Count better and equal items for the right item of each row.

    scores : (queries, gallery), higher is more similar; correct : (queries,) columns
    tie : scores that differ from the right item's by at most this are equal to it
    """
    own = np.take_along_axis(scores, correct[:, None], axis=1)
    return RankCounts((scores > own + tie).sum(1), (np.abs(scores - own) <= tie).sum(1))


def own_rank_counts(gallery: NDArray[np.floating[Any]], queries: NDArray[np.floating[Any]], tie: float) -> RankCounts:
    """Count better and equal views for query i of each object and the object's view i, by dot product.

    gallery, queries : (objects, views, E); objects are processed in blocks, so that memory is bounded
    returns : counts of objects * views queries
    """
    objects, views, width = gallery.shape
    step = max(1, QUERIES * TILE // (views * (views + width)))
    own = np.arange(views)
    blocks = []
    for start in range(0, objects, step):
        block = slice(start, start + step)
        scores = np.matmul(queries[block], gallery[block].transpose(0, 2, 1)).reshape(-1, views)
        blocks.append(rank_counts(scores, np.tile(own, len(scores) // views), tie))
    return RankCounts(np.concatenate([f.better for f in blocks]), np.concatenate([f.equal for f in blocks]))


@torch.no_grad()
def nearest_mean(
    gallery: Vectors, queries: Vectors, values: Array, device: torch.device, tie: float, barred: Rows | None = None
) -> Array:
    """Return the values of the gallery's row with the largest dot product for each query; with ties, their mean.

    Both sides are tiled: memory is a few times QUERIES x TILE numbers at any size.

    gallery : (n, E), possibly memory-mapped, read once; queries : (q, E); values : (n, c) of the gallery's rows
    barred : (q,) a row per query that is not a candidate
    returns : (q, c) float64
    """
    every = np.arange(len(queries))
    best, second = (torch.full((len(queries),), -torch.inf, device=device) for _ in range(2))
    row = torch.zeros_like(best, dtype=torch.int64)
    for offset, chosen, scores in _tiles(gallery, queries, every, device, barred):
        score, index = scores.max(dim=1)
        others = scores.scatter_(1, index[:, None], -torch.inf).amax(dim=1)
        second[chosen] = torch.maximum(torch.minimum(score, best[chosen]), torch.maximum(others, second[chosen]))
        row[chosen] = torch.where(score > best[chosen], index + offset, row[chosen])
        best[chosen] = torch.maximum(score, best[chosen])
    means: Array = values[row.cpu().numpy()]
    tied = np.flatnonzero((second >= best - tie).cpu().numpy())
    total, count = np.zeros((len(tied), values.shape[1])), np.zeros((len(tied), 1))
    least = best[torch.from_numpy(tied).to(device)] - tie
    for offset, chosen, scores in _tiles(gallery, queries, tied, device, barred):
        near = (scores >= least[chosen, None]).cpu().numpy()
        total[chosen] += near @ values[offset : offset + near.shape[1]]
        count[chosen] += near.sum(1, keepdims=True)
    means[tied] = total / count
    return means


def _tiles(
    gallery: Vectors, queries: Vectors, indices: Rows, device: torch.device, barred: Rows | None
) -> Iterator[tuple[int, slice, torch.Tensor]]:
    """Yield a tile's first row, a slice of `indices`, and their scores (queries, rows), -inf for barred rows."""
    for offset in range(0, len(gallery) if len(indices) else 0, TILE):
        tile = torch.from_numpy(np.array(gallery[offset : offset + TILE])).to(device)
        for start in range(0, len(indices), QUERIES):
            chosen = slice(start, start + QUERIES)
            scores = torch.from_numpy(queries[indices[chosen]]).to(device) @ tile.T
            if barred is not None:
                column = torch.from_numpy(barred[indices[chosen]] - offset).to(device)
                (inside,) = torch.nonzero((column >= 0) & (column < len(tile)), as_tuple=True)
                scores[inside, column[inside]] = -torch.inf
            yield offset, chosen, scores


def unit(vectors: torch.Tensor) -> torch.Tensor:
    """Scale vectors (..., E) to unit length, without overflow or underflow; a zero vector stays zero."""
    tops = vectors.abs().amax(-1, keepdim=True)
    return torch.nn.functional.normalize(vectors / torch.where(tops > 0, tops, 1), dim=-1)


def unit_array(vectors: NDArray[Real]) -> NDArray[Real]:
    """Scale vectors (..., E) in an array to unit length, as `unit`."""
    scaled: NDArray[Real] = unit(torch.from_numpy(vectors)).numpy()
    return scaled


def chance_reciprocal(gallery: int) -> float:
    """Expected reciprocal rank of a random order of `gallery` items.

    >>> round(chance_reciprocal(50), 4)
    0.09
    """
    return float((1.0 / np.arange(1, gallery + 1)).sum() / gallery)
