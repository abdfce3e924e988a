"""Heads: what training them depends on, and that it is training."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scoring import SMALL, context_of, random_split
from torch import nn

from iebench.benchmark.measures import WHOLE
from iebench.benchmark.probes.context import Rows, Split
from iebench.benchmark.probes.heads import Task, Trainee, answers, fit, mlp
from iebench.benchmark.protocol import Training


def hue_of(split: Split, rows: Rows) -> np.ndarray:
    return split.columns(["floor_hue"], rows[:, 0]).astype(np.float32)


LINEAR = Task(1, (), 1, hue_of, nn.functional.mse_loss, Training(epochs=150, lr=0.03, batch=20, weight_decay=0.0))


def test_a_linear_head_finds_the_least_squares_solution() -> None:
    train, val = random_split(60, 4, rounds=150), random_split(20, 4, seed=1)
    rows = np.arange(80)[:, None]
    found = answers(context_of(train, val), LINEAR, rows)[WHOLE]
    np.testing.assert_allclose(found[:, 0], val.latents["floor_hue"], atol=0.02)  # hue is one of the features


def test_a_part_sees_its_columns_only() -> None:
    train, val = random_split(30, 4, rounds=150), random_split(10, 4, seed=1)
    changed = train.features.copy()
    changed[:, 3:] = 0.0
    parts, rows = {"part": slice(0, 3)}, np.arange(40)[:, None]
    one = answers(context_of(train, val, parts=parts), LINEAR, rows)
    two = answers(context_of(replace(train, features=changed), val, parts=parts), LINEAR, rows)
    np.testing.assert_allclose(one["part"], two["part"], rtol=0, atol=0)


def test_training_is_reproducible_and_its_seed_matters() -> None:
    context = context_of(random_split(30, 4, rounds=150), random_split(10, 4, seed=1))
    rows = np.arange(40)[:, None]
    one, two, other = (answers(c, LINEAR, rows)[WHOLE] for c in (context, context, replace(context, seed=1)))
    assert (one == two).all() and (one != other).any()


def test_building_a_head_leaves_torchs_generator_alone() -> None:
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    mlp((4, 8, 2), seed=0)
    assert torch.equal(torch.rand(1), expected)


def test_an_mlp_has_the_widths_and_no_activation_at_its_end() -> None:
    head = mlp((6, 5, 4, 3), seed=0)
    assert [(m.in_features, m.out_features) for m in head if isinstance(m, nn.Linear)] == [(6, 5), (5, 4), (4, 3)]
    assert [type(m) for m in head] == [nn.Linear, nn.ReLU, nn.Linear, nn.ReLU, nn.Linear]


def test_two_views_are_put_side_by_side_in_order() -> None:
    train, val = random_split(60, 4, rounds=150), random_split(20, 4, seed=1)

    def difference(split: Split, rows: Rows) -> np.ndarray:
        hues = split.columns(["floor_hue"], rows)[..., 0]
        return (hues[:, 1:] - hues[:, :1]).astype(np.float32)

    rows, _ = val.all_pairs()
    found = answers(context_of(train, val), replace(LINEAR, views=2, target=difference), rows)[WHOLE]
    np.testing.assert_allclose(found, difference(val, rows), atol=0.03)


def test_every_epoch_advances_the_meter() -> None:
    context = context_of(random_split(8, 4), random_split(4, 4, seed=1))
    task = replace(LINEAR, training=SMALL.rotation)
    fit(context, task, Trainee.of(context, task, slice(0, 9)))
    assert context.meter.done == SMALL.rotation.epochs


@pytest.mark.parametrize("cores", [1, 2, 8])
def test_the_number_of_cores_changes_nothing(cores: int, monkeypatch: pytest.MonkeyPatch) -> None:
    train, val = random_split(30, 4, rounds=150), random_split(10, 4, seed=1)
    parts = {"a": slice(0, 9), "b": slice(0, 5), "c": slice(5, 9)}
    rows = np.arange(40)[:, None]
    alone = {
        name: answers(context_of(train, val, parts={name: part}), LINEAR, rows)[name] for name, part in parts.items()
    }
    monkeypatch.setattr("os.cpu_count", lambda: cores)
    before = torch.get_num_threads()
    together = answers(context_of(train, val, parts=parts), LINEAR, rows)
    assert list(together) == list(parts) and torch.get_num_threads() == before
    for name in parts:
        np.testing.assert_array_equal(together[name], alone[name])
