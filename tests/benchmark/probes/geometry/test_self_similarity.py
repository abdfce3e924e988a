"""Self-similarity of maps equals a slow loop; constant and shuffled maps have none."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
import torch
from scoring import context_of, random_split
from torch import Tensor, nn

from iebench.benchmark.encoders.prepared import prepare
from iebench.benchmark.encoders.registry import LoadedEncoder
from iebench.benchmark.probes.geometry.self_similarity import near_against_far, self_similarity


def slow(own: Tensor) -> float:
    """Mean cosine of neighbours less that of positions at least half the map's side apart, of a map (C, h, w)."""
    height, width = own.shape[1:]
    near, far = [], []
    for (i, j), (k, m) in product(product(range(height), range(width)), repeat=2):
        steps = abs(i - k) + abs(j - m)
        cosine = float(torch.nn.functional.cosine_similarity(own[:, i, j], own[:, k, m], dim=0))
        if steps == 1:
            near.append(cosine)
        if steps >= 2 and steps >= (height + width) / 4:
            far.append(cosine)
    return float(np.mean(near) - np.mean(far))


@pytest.mark.parametrize("shape", [(8, 8), (2, 2), (1, 3), (5, 3)])
def test_it_equals_a_slow_loop(shape: tuple[int, int]) -> None:
    maps = torch.randn(2, 4, *shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    assert near_against_far(maps).tolist() == pytest.approx([slow(own) for own in maps])


def test_smooth_maps_have_structure_and_constant_or_shuffled_ones_do_not() -> None:
    line = torch.linspace(0, np.pi, 12, dtype=torch.float64)
    smooth = torch.stack([line.cos().expand(12, 12), line.sin().expand(12, 12)])
    shuffled = smooth.flatten(1)[:, torch.randperm(144, generator=torch.Generator().manual_seed(0))].view(2, 12, 12)
    values = near_against_far(torch.stack([smooth, torch.ones_like(smooth), shuffled]))
    assert values[0] > 0.4 and values[1] == pytest.approx(0, abs=1e-12) and abs(values[2]) < 0.1


class Shrunk(nn.Module):
    """An encoder whose map is its picture, shrunk to a side."""

    map_stages = 1

    def __init__(self, side: int) -> None:
        super().__init__()
        self.side = side

    def forward(self, images: Tensor) -> Tensor:
        return images.mean((2, 3))

    def maps(self, images: Tensor, stages: tuple[int, ...]) -> list[Tensor]:
        return [nn.functional.adaptive_avg_pool2d(images, self.side)]


def test_a_score_has_one_value_over_all_views_or_a_sentence() -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (12, 16, 16, 3), np.uint8)
    split = replace(random_split(4, 3), pixels=lambda rows: pictures[rows])
    context = replace(
        context_of(split, split), encoder=prepare(LoadedEncoder("mine", Shrunk(4)), 16, torch.device("cpu"))
    )
    entry = self_similarity(context)["whole"]["self_similarity"]
    images = torch.from_numpy(pictures).permute(0, 3, 1, 2) / 255
    assert entry.value == pytest.approx(near_against_far(nn.functional.adaptive_avg_pool2d(images, 4)).mean(), rel=1e-5)
    assert entry.n == 12 and entry.low <= entry.value <= entry.high
    point = replace(context, encoder=prepare(LoadedEncoder("dot", Shrunk(1)), 16, torch.device("cpu")), notes=[])
    assert self_similarity(point) == {} and "dot gives one position or two" in point.notes[0]
    assert self_similarity(replace(context, encoder=None, notes=[])) == {}
