"""A predictor's retrievals: an exact predictor retrieves every target; any predictor agrees with a plain loop."""

import numpy as np
import pytest
import torch
from scoring import ANGLES, context_of, random_split
from torch import Tensor, nn

from iebench.benchmark.scoring.examples import OBJECTS, VIEWS, examples, retrievals

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


class Step(Told):
    """Predictor that adds part of the difference of the angles to the source's embedding."""

    def predict(self, embedding: Tensor, source: Latents, target: Latents) -> Tensor:
        start, end = (torch.stack([view[name] for name in ANGLES], 1).float() for view in (source, target))
        return embedding.repeat_interleave(len(end) // len(embedding), dim=0) + self.scale * (end - start) + self.tilt


@pytest.mark.parametrize("views", [2, 7, 20])
def test_every_source_and_target_agrees_with_a_plain_loop(views: int) -> None:
    val = random_split(9, views, seed=3)
    stored = retrievals(context_of(random_split(4, views), val, method=Step(scale=0.6, tilt=0.2)))
    assert stored is not None and len(stored.objects) == OBJECTS and len(stored.views) == min(views, VIEWS)
    assert list(stored.faults(views)) == []
    retrieved, ranks = stored.lists()
    for k, identity in enumerate(stored.objects):
        first = val.identities.index(identity) * views
        angles = [np.array([val.latents[name][first + view] for name in ANGLES]) for view in range(views)]
        for s, source in enumerate(stored.views):
            for t, target in enumerate(view for view in stored.views if view != source):
                query = val.features[first + source, :3] + 0.6 * (angles[target] - angles[source]) + 0.2
                cosine = {v: query @ angles[v] / np.linalg.norm(angles[v]) for v in range(views) if v != source}
                assert retrieved[k, s, t] == max(cosine, key=lambda view: cosine[view])
                assert ranks[k, s, t] == 1 + sum(c > cosine[target] for c in cosine.values())
    assert views == 2 or len(set(ranks.ravel().tolist())) > 2


def test_examples_are_among_all_queries() -> None:
    context = context_of(random_split(4, 7), random_split(20, 7, seed=4), method=Step(scale=0.3, tilt=0.5))
    stored = retrievals(context)
    assert stored is not None
    retrieved, ranks = stored.lists()
    for k, example in enumerate(examples(context)):
        assert stored.objects[k] == (example.synset, example.object_id)
        assert (retrieved[k, 0, example.target - 1], ranks[k, 0, example.target - 1]) == (example.found, example.rank)


def test_a_predictor_of_one_vector_retrieves_the_first_of_equal_views() -> None:
    val = random_split(3, 5, seed=5)
    val.features[:] = 1.0
    stored = retrievals(context_of(random_split(4, 5), val, method=Told(scale=0.0, tilt=1.0)))
    assert stored is not None
    retrieved, ranks = stored.lists()
    assert (retrieved == np.array([1, 0, 0, 0, 0])[:, None]).all() and (ranks == [1, 2, 3, 4]).all()


def test_without_a_predictor_there_are_none() -> None:
    context = context_of(random_split(4, 5), random_split(4, 5, seed=1))
    assert examples(context) == () and retrievals(context) is None
