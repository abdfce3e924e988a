"""Spread, RankMe and nearest neighbours equal closed forms and plain loops."""

import math

import numpy as np
import pytest
import torch

from iebench.benchmark.training.online.statistics import NEIGHBOURS, nearest_class, rankme, spread


def test_spread_is_what_a_float64_loop_finds() -> None:
    values = torch.randn(20, 7, generator=torch.Generator().manual_seed(0)) * 3 + 2
    rows = values.double().tolist()
    means = [sum(row[j] for row in rows) / 20 for j in range(7)]
    moved = sum((row[j] - means[j]) ** 2 for row in rows for j in range(7))
    size = sum(x**2 for row in rows for x in row)
    assert float(spread(values)) == pytest.approx(math.sqrt(moved / size), rel=1e-5)
    rotation = torch.linalg.qr(torch.randn(7, 7, generator=torch.Generator().manual_seed(1))).Q
    assert float(spread(50 * values @ rotation)) == pytest.approx(float(spread(values)), rel=1e-4)


def test_spread_of_what_has_collapsed() -> None:
    assert float(spread(torch.zeros(5, 3))) == 0
    assert float(spread(torch.full((64, 512), 0.1))) < 1e-6
    assert float(spread(torch.full((5, 3), torch.nan))) != float(spread(torch.zeros(5, 3)))  # not taken for collapse


def test_rankme_counts_equal_directions_and_no_others() -> None:
    basis = torch.linalg.qr(torch.randn(40, 40, generator=torch.Generator().manual_seed(0))).Q
    assert rankme(basis[:, :6]) == pytest.approx(6, rel=1e-4)
    assert rankme(torch.outer(torch.arange(1.0, 9), torch.ones(5))) == pytest.approx(1, abs=1e-3)
    values = np.random.default_rng(0).normal(size=(30, 10))
    share = np.sqrt(np.linalg.eigvalsh(values.T @ values))
    share /= share.sum()
    assert rankme(torch.from_numpy(values)) == pytest.approx(float(np.exp(-(share * np.log(share)).sum())), rel=1e-4)


def test_neighbours_are_those_of_a_plain_loop() -> None:
    generator = np.random.default_rng(0)
    known, queries = generator.normal(size=(90, 4)), generator.normal(size=(25, 4))
    labels, owners, asking = generator.integers(0, 3, 90), generator.integers(0, 12, 90), generator.integers(0, 12, 25)
    expected = []
    for query, owner in zip(queries, asking, strict=True):
        near = sorted(
            (-(query @ other) / np.linalg.norm(query) / np.linalg.norm(other), label)
            for other, label, object_ in zip(known, labels, owners, strict=True)
            if object_ != owner
        )[:NEIGHBOURS]
        expected.append(max(range(3), key=lambda c: (sum(label == c for _, label in near), -c)))
    tensors = [torch.from_numpy(array) for array in (queries, asking, known, labels, owners)]
    assert nearest_class(*tensors, classes=3).tolist() == expected


def test_a_views_own_object_is_no_neighbour() -> None:
    known = torch.tensor([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0]])
    labels, owners = torch.tensor([1, 0, 2]), torch.tensor([7, 8, 9])
    query = torch.tensor([[1.0, 0.0]])
    assert nearest_class(query, torch.tensor([7]), known[:1], labels[:1], owners[:1], 3).item() == 0  # nobody is left
    assert nearest_class(query, torch.tensor([7]), known[:2], labels[:2], owners[:2], 3).item() == 0
    assert nearest_class(query, torch.tensor([8]), known[:2], labels[:2], owners[:2], 3).item() == 1
