"""Classification without training, compared with scikit-learn and plain loops."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scoring import SMALL, context_of, random_split
from sklearn.neighbors import KNeighborsClassifier, NearestCentroid

from iebench.benchmark.probes.neighbours import class_means, few, neighbours, shots, vote
from iebench.benchmark.protocol import FewShot, Neighbours
from iebench.benchmark.statistics.metric_info import WHOLE
from iebench.benchmark.statistics.retrieval import unit


@pytest.fixture
def generator() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.mark.parametrize("block", [7, 1000])
def test_votes_equal_scikit_learns(generator: np.random.Generator, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("iebench.benchmark.probes.neighbours.ROWS_PER_BLOCK", block)
    gallery, queries = (unit(torch.from_numpy(generator.normal(size=(n, 8)))) for n in (60, 25))
    labels = np.concatenate([np.arange(5), generator.integers(0, 5, 55)])
    votes = vote(gallery, labels, queries, 12, 0.1, 5)
    reference = KNeighborsClassifier(12, metric="cosine", weights=lambda d: np.exp(-d / 0.1), algorithm="brute")
    expected = reference.fit(gallery.numpy(), labels).predict_proba(queries.numpy())
    np.testing.assert_allclose(votes / votes.sum(1, keepdims=True), expected, rtol=1e-6)


def test_more_neighbours_than_there_are(generator: np.random.Generator) -> None:
    gallery = unit(torch.from_numpy(generator.normal(size=(4, 3))))
    votes = vote(gallery, np.array([0, 1, 1, 0]), gallery, 20, 1.0, 2)
    similar = (gallery @ gallery.T).numpy()
    expected = np.stack([np.exp(similar - 1)[:, [0, 3]].sum(1), np.exp(similar - 1)[:, [1, 2]].sum(1)], axis=1)
    np.testing.assert_allclose(votes, expected)


def test_class_means_decide_as_scikit_learns_centroids(generator: np.random.Generator) -> None:
    labels = np.repeat(np.arange(4), 5)
    examples = torch.from_numpy(generator.normal(size=(20, 6)) + 2 * np.eye(6)[labels]).float()
    queries = unit(torch.from_numpy(generator.normal(size=(50, 6))).float())
    means = class_means(examples, labels)
    centroids = NearestCentroid().fit(examples.numpy(), labels).centroids_
    np.testing.assert_allclose(means.numpy(), centroids / np.linalg.norm(centroids, axis=1)[:, None], atol=1e-6)
    assert (queries @ means.T).argmax(1).tolist() == (queries.numpy() @ means.numpy().T).argmax(1).tolist()


def test_examples_are_of_k_objects_of_each_class_and_of_them_alone() -> None:
    train = random_split(40, 6)  # four classes of ten objects
    classes = np.arange(4)
    rows = shots(train, classes, 5, 0, 0)
    assert np.bincount(train.labels[rows]).tolist() == [5, 5, 5, 5]
    assert len(np.unique(rows // 6)) == 20
    assert set(shots(train, classes, 1, 0, 0)) <= set(rows)  # the one-shot examples are among the five-shot ones
    assert len(shots(train, classes, 99, 0, 0)) == 40
    assert (rows != shots(train, classes, 5, 0, 1)).any() and (rows == shots(train, classes, 5, 0, 0)).all()
    fewer = replace(train, identities=train.identities[:20], features=train.features[:120], labels=train.labels[:120])
    chosen = {i for i in shots(train, classes, 99, 0, 0).tolist() if i < 120}
    assert chosen == set(shots(fewer, classes, 99, 0, 0).tolist())  # an object's number and view are its own


def test_what_separates_classes_is_found_and_what_does_not_is_chance() -> None:
    protocol = replace(SMALL, neighbours=Neighbours(10, 0.07, 4), few_shot=FewShot((1, 5), 6))
    train, val = random_split(80, 4), random_split(40, 4, seed=1)
    context = context_of(train, val, protocol, parts={WHOLE: slice(0, 9), "pose": slice(0, 3), "class": slice(5, 9)})
    values = {part: {**neighbours(context)[part], **few(context)[part]} for part in context.parts}
    for metric in ("knn_top1", "shot1_top1", "shot5_top1"):
        assert values["class"][metric].value == 1.0
        assert values["pose"][metric].value == pytest.approx(0.25, abs=0.1)
        assert values["class"][metric].floor == pytest.approx(0.25) and values["class"][metric].n == 160
    assert values["pose"]["shot1_top1"].spread is not None and values["pose"]["knn_top1"].spread is None
    assert values[WHOLE]["shot5_top1"].value > values[WHOLE]["shot1_top1"].value


def test_a_protocol_without_them_measures_neither() -> None:
    context = context_of(random_split(8, 4), random_split(4, 4, seed=1), replace(SMALL, neighbours=None, few_shot=None))
    assert neighbours(context) == few(context) == {}


@pytest.mark.parametrize("scale", [1e-36, 1e-25, 1e25, 1e37])
def test_a_vector_of_any_length_keeps_its_direction(scale: float) -> None:
    plain = torch.from_numpy(np.random.default_rng(0).normal(size=(4, 8))).float()
    torch.testing.assert_close(unit(plain * scale), unit(plain), atol=1e-6, rtol=1e-5)
    assert (unit(torch.zeros(2, 8)) == 0).all()
