"""Order of the views: every epoch is exact, the order is a pure function, and no batch is short."""

import numpy as np
import pytest
from numpy.typing import NDArray

from iebench.benchmark.data.order import Order, permutation, runs, views


def test_an_epoch_is_a_permutation_and_epochs_differ() -> None:
    epochs = [permutation(0, epoch, 50) for epoch in range(3)]
    for order in epochs:
        np.testing.assert_array_equal(np.sort(order), np.arange(50))
    assert not (epochs[0] == epochs[1]).all() and not (permutation(1, 0, 50) == epochs[0]).all()


def test_views_are_distinct_and_independent_of_the_other_objects() -> None:
    few, many = views(3, 7, 20, 12, 4), views(3, 7, 200, 12, 4)
    np.testing.assert_array_equal(few, many[:20])
    assert all(len(set(row)) == 4 for row in many.tolist()) and many.min() == 0 and many.max() == 11


def test_every_ordered_pair_is_equally_likely() -> None:
    pairs = views(0, 0, 24_000, 4, 2)
    counts = np.bincount(pairs[:, 0] * 4 + pairs[:, 1], minlength=16).reshape(4, 4)
    assert (np.diag(counts) == 0).all()
    expected = 24_000 / 12
    statistic = ((counts[~np.eye(4, dtype=bool)] - expected) ** 2 / expected).sum()
    assert statistic < 31.3  # chi-square with 11 degrees of freedom, p = 0.001


@pytest.mark.parametrize("batch", [2, 4, 5, 7, 10, 23])
def test_batches_are_the_stream_of_epochs_cut_in_equal_pieces(batch: int) -> None:
    order = Order(seed=5, objects=10, stored=6, batch=batch, count=2)
    rows = np.concatenate([order.rows(step) for step in range(10)])
    assert rows.shape == (10 * batch, 2)
    for epoch in range(10 * batch // 10):
        objects, taken = rows[10 * epoch : 10 * epoch + 10] // 6, rows[10 * epoch : 10 * epoch + 10] % 6
        np.testing.assert_array_equal(objects[:, 0], objects[:, 1])
        np.testing.assert_array_equal(np.sort(objects[:, 0]), np.arange(10))
        np.testing.assert_array_equal(taken, views(5, epoch, 10, 6, 2)[objects[:, 0]])
        if 10 % batch == 0:
            np.testing.assert_array_equal(objects[:, 0], permutation(5, epoch, 10))


@pytest.mark.parametrize(
    ("objects", "batch"), [(20, 10), (21, 10), (29, 10), (101, 50), (64, 7), (15, 10), (11, 10), (40, 39), (32, 24)]
)
def test_no_batch_holds_an_object_twice(objects: int, batch: int) -> None:
    order = Order(seed=1, objects=objects, stored=2, batch=batch, count=2)
    naive = 0
    for step in range(12 * objects // batch):
        assert len(set((order.rows(step)[:, 0] // 2).tolist())) == batch
        plain = [permutation(1, at // objects, objects)[at % objects] for at in range(step * batch, (step + 1) * batch)]
        naive += len(set(plain)) < batch
    assert naive or objects % batch == 0, "the case that this is about did not occur"


@pytest.mark.parametrize(("objects", "batch"), [(15, 10), (23, 22), (64, 7)])
def test_any_step_may_be_asked_for_first(objects: int, batch: int) -> None:
    whole = Order(1, objects, 2, batch, 2)
    steps = [whole.rows(step) for step in range(60)]
    for step in (59, 7, 31, 0, 32):
        np.testing.assert_array_equal(Order(1, objects, 2, batch, 2).rows(step), steps[step])
        np.testing.assert_array_equal(whole.rows(step), steps[step])  # also backwards


def test_shares_of_a_batch_are_the_batch_for_any_number_of_ranks() -> None:
    whole = Order(seed=2, objects=10, stored=4, batch=6, count=2)
    for ranks in (1, 2, 3, 6):
        shares = [
            Order(2, 10, 4, 6, 2, share=slice(rank * 6 // ranks, (rank + 1) * 6 // ranks)) for rank in range(ranks)
        ]
        for step in range(5):  # over the ends of epochs too
            np.testing.assert_array_equal(np.concatenate([o.rows(step) for o in shares]), whole.rows(step))


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_every_view_is_as_likely_in_every_place(count: int) -> None:
    chosen = views(0, 1, 40_000, 5, count)
    assert (np.sort(chosen, axis=1)[:, 1:] != np.sort(chosen, axis=1)[:, :-1]).all()
    for position in range(count):
        assert np.abs(np.bincount(chosen[:, position], minlength=5) - 8000).max() < 5 * 80  # five standard deviations


def test_a_batch_does_not_depend_on_those_before() -> None:
    fresh, used = (Order(seed=1, objects=9, stored=5, batch=4, count=3) for _ in range(2))
    for step in range(6):
        used.rows(step)
    np.testing.assert_array_equal(fresh.rows(5), used.rows(5))
    np.testing.assert_array_equal(fresh.rows(2), used.rows(2))


def begins(objects: int, stored: int, count: int) -> NDArray[np.bool_]:
    """Every third view begins a run of an even object, and view 1 alone of an odd one."""
    marks = np.zeros((objects, stored - count + 1), bool)
    marks[::2, ::3], marks[1::2, 1] = True, True
    return marks


def test_a_batch_of_runs_shows_views_of_one_run_in_order() -> None:
    marks = begins(12, 12, 3)
    order = Order(seed=5, objects=12, stored=12, batch=8, count=3, begins=marks)
    plain = Order(seed=5, objects=12, stored=12, batch=8, count=3)
    firsts = set()
    for step in range(30):
        rows = order.rows(step)
        np.testing.assert_array_equal(rows // 12, plain.rows(step) // 12)  # the objects are those without runs
        numbers = rows % 12
        np.testing.assert_array_equal(np.diff(numbers, axis=1), 1)
        assert marks[rows[:, 0] // 12, numbers[:, 0]].all()
        firsts |= set(numbers[rows[:, 0] // 12 % 2 == 0, 0].tolist())
    assert firsts == {0, 3, 6, 9}


def test_runs_are_a_pure_function_and_ranks_have_the_batch_of_one_process() -> None:
    marks = begins(12, 12, 3)
    whole = Order(1, 12, 12, 8, 3, begins=marks).rows(7)
    parts = [Order(1, 12, 12, 8, 3, slice(*ends), marks).rows(7) for ends in ((0, 2), (2, 4), (4, 8))]
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    chosen = runs(0, 3, marks, 3)
    np.testing.assert_array_equal(runs(0, 3, marks, 3), chosen)
    assert not np.array_equal(runs(0, 4, marks, 3), chosen) and not np.array_equal(runs(1, 3, marks, 3), chosen)


def test_every_run_of_an_object_is_equally_likely() -> None:
    counts = np.bincount(runs(0, 0, np.tile([True, False, True, True], (9000, 1)), 3)[:, 0], minlength=4)
    assert counts[1] == 0
    assert ((counts[[0, 2, 3]] - 3000) ** 2 / 3000).sum() < 13.8  # chi-square with 2 degrees of freedom, p = 0.001
