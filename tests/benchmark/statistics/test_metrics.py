"""Each metric against a plain implementation, and on degenerate predictions."""

import itertools

import numpy as np
import pytest
from definitions import r2_mean, r2_pooled
from scipy.spatial.transform import Rotation

from iebench.benchmark.statistics import metrics


@pytest.fixture
def generator() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.mark.parametrize("k", [1, 3, 5])
def test_top_k_equals_sorting(generator: np.random.Generator, k: int) -> None:
    logits, labels = generator.normal(size=(200, 7)), generator.integers(0, 7, 200)
    expected = [label in np.argsort(-row)[:k] for row, label in zip(logits, labels, strict=True)]
    np.testing.assert_array_equal(metrics.top_k(logits, labels, k), expected)


@pytest.mark.parametrize("k", [1, 2, 3])
def test_top_k_under_ties_is_the_mean_over_all_orders(k: int) -> None:
    logits = np.array([[1.0, 2.0, 2.0, 2.0]])
    for label in range(4):
        orders = [p for p in itertools.permutations(range(4)) if p.index(0) == 3]  # the lowest is last
        expected = np.mean([label in order[:k] for order in orders])
        assert metrics.top_k(logits, np.array([label]), k)[0] == pytest.approx(expected)


def test_an_unknown_class_is_never_right() -> None:
    assert metrics.top_k(np.ones((1, 3)), np.array([-1]), 3).tolist() == [0.0]


def test_r2_equals_a_loop(generator: np.random.Generator) -> None:
    targets = generator.normal(size=(50, 4)) + np.array([0, 1, 2, 3])
    predictions = targets + generator.normal(size=(50, 4))
    everything = [t for row in targets.tolist() for t in row]
    grand = sum(everything) / len(everything)
    residual = total = 0.0
    per_component = []
    for c in range(4):
        mean = sum(targets[:, c].tolist()) / 50
        own_residual = sum((targets[i, c] - predictions[i, c]) ** 2 for i in range(50))
        per_component.append(1 - own_residual / sum((targets[i, c] - mean) ** 2 for i in range(50)))
        residual += own_residual
        total += sum((targets[i, c] - grand) ** 2 for i in range(50))
    assert r2_pooled(targets, predictions) == pytest.approx(1 - residual / total, abs=1e-12)
    assert r2_mean(targets, predictions) == pytest.approx(sum(per_component) / 4, abs=1e-12)


@pytest.mark.slow
def test_a_constant_gets_credit_from_the_pooled_r2_only(generator: np.random.Generator) -> None:
    angles = generator.uniform(-np.pi / 2, np.pi / 2, (2, 200_000, 3))
    first, second = (Rotation.from_euler("xyz", a) for a in angles)
    quaternions = (first.inv() * second).as_quat()
    constant = np.broadcast_to(quaternions.mean(0), quaternions.shape)
    assert r2_pooled(quaternions, constant) == pytest.approx(0.229, abs=0.003)
    assert r2_mean(quaternions, constant) == pytest.approx(0.0, abs=1e-12)


def test_the_chance_of_a_pose_is_the_mean_over_every_pose_that_may_be_found(generator: np.random.Generator) -> None:
    poses = Rotation.random(60, rng=generator).as_quat()
    barred = generator.integers(0, 60, 60)
    every = 1 - np.square([[a @ b for b in poses] for a in poses])
    assert metrics.chance_pose_error(poses, poses) == pytest.approx(every.mean(), abs=1e-12)
    left = [np.mean([e for j, e in enumerate(row) if j != bar]) for row, bar in zip(every, barred, strict=True)]
    assert metrics.chance_pose_error(poses, poses, barred) == pytest.approx(np.mean(left), abs=1e-12)


def test_the_best_constant_rotation_is_best_and_free_of_signs(generator: np.random.Generator) -> None:
    poses = Rotation.from_euler("xyz", generator.uniform(-0.8, 0.8, (200, 3))).as_quat()
    best = metrics.best_constant_rotation(poses)
    signs = generator.choice([-1.0, 1.0], (200, 1))
    np.testing.assert_allclose(abs(metrics.best_constant_rotation(poses * signs) @ best), 1.0)
    gain = ((poses @ best) ** 2).mean()
    rivals = Rotation.random(2_000, rng=generator).as_quat()
    assert gain >= ((poses @ rivals.T) ** 2).mean(0).max()
