"""Spatial self-similarity of maps: in a map with spatial structure, near positions are alike and far ones are not.

The measure is local against distant similarity of Singh et al. (2025), "What matters for representation alignment:
global information or spatial structure?". Their far positions are 6 or more apart in maps of 16 x 16; here they are
half the map's side, so that maps of every size are measured.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ...data.rows import spread_rows
from ...features.cache import to_float
from ...fitting.context import Context, Values, probe
from ...metrics.geometry.self_similarity import SELF_SIMILARITY
from ...statistics.bootstrap import Mean
from ...statistics.metric_info import WHOLE
from ...statistics.retrieval import unit

VIEWS = 2_048  # views that are encoded, with at least one of each object
BATCH = 32  # views
FEWEST = 4  # rows and columns of a map; with fewer, all positions are neighbours


@probe("self_similarity", metrics=SELF_SIMILARITY, suite="full")
def self_similarity(context: Context) -> Values:
    """Measure self_similarity of the last map: mean cosine of neighbouring positions less that of far ones."""
    encoder, val, reason = context.encoder, context.val, no_maps(context)
    if encoder is None or val.pixels is None or reason:
        context.notes.append(f"the self-similarity of maps is not measured: {reason}")
        return {}
    rows = spread_rows(val.objects, val.views, max(1, VIEWS // val.objects)).ravel()
    values = []
    for start in range(0, len(rows), BATCH):
        images = to_float(val.pixels(rows[start : start + BATCH]), context.device)
        (last,) = encoder.maps(images)
        if sum(last.shape[2:]) < FEWEST:
            context.notes.append(
                f"the self-similarity of maps is not measured: {encoder.name} gives one position or two"
            )
            return {}
        values.append(near_against_far(last))
    measured = Mean.of(np.concatenate(values), val.image_objects[rows])
    return {WHOLE: {"self_similarity": context.bootstrap.measure(measured, 0.0)}}


def no_maps(context: Context) -> str:
    """Return the reason why a score has no maps, as a clause; "" if it has."""
    if context.encoder is None or context.val.pixels is None:
        return "features of a file have no maps"
    return "" if context.encoder.map_stages else f"the encoder {context.encoder.name} gives no map"


def near_against_far(maps: Tensor) -> NDArray[np.float64]:
    """Return the mean cosine of positions at distance 1, less that of positions at half the map's side or more: (B,).

    Distances are counted in steps along rows and columns. In maps of 2 x 2, far positions are the diagonal ones.

    maps : (B, C, h, w), with h + w at least FEWEST
    """
    height, width = maps.shape[2:]
    positions = torch.cartesian_prod(torch.arange(height), torch.arange(width)).to(maps.device)
    distances = (positions[:, None] - positions).abs().sum(-1)
    far = max(2, -(-(height + width) // 4))
    sphere = unit(maps.flatten(2).mT.double())
    cosines = sphere @ sphere.mT
    means = [cosines[:, chosen].mean(1) for chosen in (distances == 1, distances >= far)]
    difference: NDArray[np.float64] = (means[0] - means[1]).cpu().numpy()
    return difference
