"""MRR, H@k and PRE: a perfect predictor, a collapsed one, and plain loops."""

from collections.abc import Mapping

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation
from scoring import ANGLES, context_of, random_split
from torch import Tensor, nn

from iebench.benchmark.measures import WHOLE
from iebench.benchmark.metrics import chance_mrr
from iebench.benchmark.probes import prediction as module
from iebench.benchmark.probes.context import Split, Values
from iebench.benchmark.probes.prediction import nearest_rows, prediction, ranks_within, unit
from iebench.manifests.conventions import pose

Latents = Mapping[str, Tensor]


class Perfect(nn.Module):
    """Features are rotation matrices with the object's number; it turns them by the relative rotation exactly."""

    latents = ANGLES

    def embed(self, representation: Tensor) -> Tensor:
        return representation

    def predict(self, embedding: Tensor, source: Latents, target: Latents) -> Tensor:
        first, second = (pose(torch.stack([v[n] for n in ANGLES], -1).numpy()) for v in (source, target))
        turned = Rotation.from_matrix(embedding[:, :9].reshape(-1, 3, 3).double().numpy()) * (first.inv() * second)
        matrices = torch.from_numpy(turned.as_matrix()).reshape(-1, 9).float()
        return torch.cat([matrices, embedding[:, 9:]], dim=1)


class Identity(Perfect):
    """Ignores the action and answers with its input."""

    def predict(self, embedding: Tensor, source: Latents, target: Latents) -> Tensor:
        return embedding


class Collapsed(Perfect):
    """Maps everything to one point."""

    def embed(self, representation: Tensor) -> Tensor:
        return torch.ones(len(representation), 33) * 0.1

    def predict(self, embedding: Tensor, source: Latents, target: Latents) -> Tensor:
        return embedding


def posed(objects: int = 12, views: int = 6) -> Split:
    bare = random_split(objects, views)
    matrices = pose(bare.columns(ANGLES, np.arange(objects * views))).as_matrix().reshape(-1, 9)
    code = np.repeat(np.random.default_rng(0).normal(size=(objects, 8)), views, axis=0)
    return random_split(objects, views, np.concatenate([matrices, code], axis=1).astype(np.float32))


def values_of(method: nn.Module) -> Values:
    split = posed()
    return prediction(context_of(split, split, method=method))


def test_a_perfect_predictor_finds_every_view() -> None:
    found = values_of(Perfect())[WHOLE]
    assert [found[m].value for m in ("mrr", "h1", "h5", "h10")] == [1.0] * 4
    assert found["pre"].value == pytest.approx(0.0, abs=1e-9)


def test_a_collapsed_encoder_gets_no_credit_for_ties() -> None:
    found = values_of(Collapsed())[WHOLE]
    assert found["mrr"].value == pytest.approx(2 / 7) and found["h1"].value == 0.0  # mean rank 3.5 of 6
    assert found["mrr"].value < found["mrr"].floor == pytest.approx(chance_mrr(6))


def test_answering_with_the_input_ranks_the_source_first() -> None:
    split = posed()
    gallery = unit(split.features)
    sources = gallery.reshape(12, 6, -1)[:, :1].repeat(6, axis=1).reshape(72, -1)
    ranks = ranks_within(gallery, sources, 6, 1e-6).reshape(12, 6)
    assert (ranks[:, 0] == 1).all() and (ranks[:, 1:] > 1).all()
    assert values_of(Identity())[WHOLE]["mrr"].value == pytest.approx((1 / ranks).mean())


def test_ranks_equal_a_plain_loop() -> None:
    generator = np.random.default_rng(3)
    gallery, queries = (unit(generator.normal(size=(5 * 7, 4)).astype(np.float32)) for _ in range(2))
    found = ranks_within(gallery, queries, 7, 0.0)
    for i in range(35):
        block = gallery.astype(np.float64)[i // 7 * 7 : i // 7 * 7 + 7]
        order = np.argsort(-(block @ queries.astype(np.float64)[i]))
        assert found[i] == 1 + order.tolist().index(i % 7)


def test_the_nearest_row_equals_a_plain_loop_whatever_the_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(4)
    gallery, queries = (unit(generator.normal(size=(50, 6)).astype(np.float32)) for _ in range(2))
    expected = [int(np.argmax([g @ q for g in gallery.astype(np.float64)])) for q in queries.astype(np.float64)]
    for tile in (7, 50, 1000):
        monkeypatch.setattr(module, "QUERIES", tile)
        monkeypatch.setattr(module, "BLOCK", tile)
        assert nearest_rows(gallery, queries, torch.device("cpu")).tolist() == expected


def test_of_equal_neighbours_the_first_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    gallery = np.tile(np.eye(3, dtype=np.float32), (4, 1))
    monkeypatch.setattr(module, "BLOCK", 5)
    assert nearest_rows(gallery, np.eye(3, dtype=np.float32), torch.device("cpu")).tolist() == [0, 1, 2]


def test_a_zero_embedding_is_not_a_number_trap() -> None:
    assert np.isfinite(unit(np.zeros((2, 3), np.float32))).all()


def test_without_a_predictor_there_is_nothing_to_measure() -> None:
    split = posed()
    assert prediction(context_of(split, split)) == {}


def test_objects_in_pieces_give_the_same_values(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = values_of(Perfect())
    monkeypatch.setattr(module, "BLOCK", 24)
    assert values_of(Perfect()) == whole
