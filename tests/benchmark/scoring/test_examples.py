"""Examples of a predictor's retrievals: an exact predictor finds the target view; any predictor agrees with a loop."""

import numpy as np
import torch
from scoring import ANGLES, context_of, random_split
from torch import Tensor, nn

from iebench.benchmark.scoring.examples import OBJECTS, examples

Latents = dict[str, Tensor]


class Told(nn.Module):
    """Predictor that returns the target's angles, scaled and shifted; features are the angles."""

    latents = ANGLES

    def __init__(self, scale: float = 1.0, tilt: float = 0.0) -> None:
        super().__init__()
        self.scale, self.tilt = scale, tilt

    def embed(self, features: Tensor) -> Tensor:
        return features[:, :3]

    def predict(self, embedding: Tensor, source: Latents, target: Latents) -> Tensor:
        angles = torch.stack([target[name] for name in ANGLES], 1).float()
        return self.scale * angles + self.tilt * torch.tensor([1.0, -2.0, 0.5])


def test_a_predictor_that_is_right_finds_the_target() -> None:
    val = random_split(20, 5, seed=1)
    results = examples(context_of(random_split(4, 5), val, method=Told()))
    assert len(results) == OBJECTS and len({example.object_id for example in results}) == OBJECTS
    assert all(e.found == e.target and e.rank == 1 and e.source == 0 for e in results)
    assert {example.target for example in results} == {1, 2, 3, 4}


def test_ranks_are_those_of_a_plain_loop() -> None:
    val = random_split(6, 7, seed=2)
    method = Told(scale=0.5, tilt=0.7)
    results = examples(context_of(random_split(4, 7), val, method=method))
    assert len(results) == 6 and any(e.found != e.target for e in results)
    for i, example in enumerate(results):
        rows = range(i * 7, i * 7 + 7)
        angles = [np.array([val.latents[name][row] for name in ANGLES]) for row in rows]
        query = 0.5 * angles[example.target] + 0.7 * np.array([1.0, -2.0, 0.5])
        cosine = {v: query @ angles[v] / np.linalg.norm(query) / np.linalg.norm(angles[v]) for v in range(1, 7)}
        assert example.found == max(cosine, key=lambda view: cosine[view])
        assert example.rank == 1 + sum(c > cosine[example.target] for c in cosine.values())


def test_without_a_predictor_there_are_none() -> None:
    assert examples(context_of(random_split(4, 5), random_split(4, 5, seed=1))) == ()
