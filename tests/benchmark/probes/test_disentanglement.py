"""Axes that stand for single factors, and axes that do not; importances against scikit-learn's permutations."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scoring import SMALL, context_of, random_split
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LinearRegression
from sklearn.metrics import mutual_info_score

from iebench.benchmark.fitting import columns
from iebench.benchmark.fitting.columns import Columns, Turn
from iebench.benchmark.fitting.context import Context, Split
from iebench.benchmark.metrics import METRICS
from iebench.benchmark.probes import disentanglement as probe
from iebench.benchmark.probes.disentanglement import Reader, axes, factors_of, gap_tables, importances, sample
from iebench.benchmark.statistics.disentanglement import information
from iebench.benchmark.statistics.metric_info import WHOLE
from iebench.benchmark.statistics.ridge import WIDE

NUMBERS = ("light_theta", "light_phi")


def split_of(objects: int, seed: int, noise: float = 0.05) -> Split:
    """Split with the spot's angles in two columns, sine and cosine of a hue, four classes, and two columns of noise."""
    split, generator = random_split(objects, 6, seed=seed), np.random.default_rng(seed)
    count = objects * 6
    latents = {name: generator.uniform(0, 1, count) for name in NUMBERS} | {"floor_hue": split.latents["floor_hue"]}
    hue = 2 * np.pi * latents["floor_hue"]
    columns = [*(latents[name] for name in NUMBERS), np.sin(hue), np.cos(hue), *np.eye(4)[split.labels].T]
    features = np.stack(columns, 1) + noise * generator.normal(size=(count, len(columns)))
    features = np.concatenate([features, generator.normal(size=(count, 2))], axis=1)
    return replace(split, features=features.astype(np.float32), latents=latents)


def turned(split: Split, turn: NDArray[np.float64]) -> Split:
    return replace(split, features=(split.features @ turn).astype(np.float32))


@pytest.fixture(scope="module")
def context() -> Context:
    return context_of(split_of(100, 1), split_of(60, 2), SMALL, tuning=20)


@pytest.fixture(scope="module")
def as_they_are(context: Context) -> Columns:
    return Columns(context.standardiser, context.parts[WHOLE], None)


def test_columns_that_are_factors_beat_the_same_turned(context: Context) -> None:
    entries = axes(context)[WHOLE]
    assert set(entries) == {"mig", "dci_disentanglement", "dci_completeness"} <= METRICS.keys()
    for entry in entries.values():
        assert entry.low <= entry.value <= entry.high and entry.floor < entry.low
        assert (entry.n, entry.objects) == (360, 60)
    assert entries["dci_disentanglement"].value > 0.95
    # of ten columns, each number takes one, the hue two, and the class four
    assert entries["dci_completeness"].value == pytest.approx(1 - np.log10(2 * 4) / 4, abs=0.05)
    turn = Turn.of(10)(np.eye(10))
    other = axes(replace(context_of(turned(context.train, turn), turned(context.val, turn), SMALL, tuning=20)))[WHOLE]
    for name, entry in other.items():
        assert entry.value < entries[name].low, name


def test_what_knows_nothing_has_no_gap(context: Context) -> None:
    generator = np.random.default_rng(0)
    blind = [
        replace(split, features=generator.normal(size=(len(split.labels), 6)).astype(np.float32))
        for split in (context.train, context.val)
    ]
    gap = axes(context_of(*blind, SMALL, tuning=20))[WHOLE]["mig"]
    assert abs(gap.value) < 0.05 and gap.low < 0 < gap.high
    flat = [replace(split, features=np.ones_like(split.features)) for split in (context.train, context.val)]
    for entry in axes(context_of(*flat, SMALL, tuning=20))[WHOLE].values():
        assert entry.value == entry.floor == 0.0


def test_the_gap_is_between_the_two_columns_that_know_most(context: Context, as_they_are: Columns) -> None:
    factors = factors_of(context)
    assert [factor.name for factor in factors] == ["class", "floor_hue", *NUMBERS]
    every, rows = np.arange(len(context.val.labels)), sample(context.train)
    tables = gap_tables(context, factors, as_they_are)
    train, val = as_they_are(context.train, rows), as_they_are(context.val, every)
    ends = np.quantile(train, np.linspace(0.1, 0.9, 9), axis=0)

    def known(split: Split, columns: NDArray[np.float64], rows: NDArray[np.int64], factor: int) -> NDArray[np.float64]:
        states = factors[factor].state(split, rows)
        codes = [np.digitize(column, end) for column, end in zip(columns.T, ends.T, strict=True)]
        return np.array([mutual_info_score(states, code) for code in codes])

    for i, table in enumerate(tables):
        best = np.argsort(-known(context.train, train, rows, i))[:2]
        np.testing.assert_allclose(
            information(table.sum(1).astype(float)), known(context.val, val, every, i)[best], atol=1e-9
        )


@pytest.mark.slow
def test_importances_are_what_permutations_cost(context: Context, as_they_are: Columns) -> None:
    """Val equals train here, so that a column is replaced by values of the same column, as in scikit-learn."""
    same = replace(context, val=context.train, training_objects=np.arange(100), tuning_objects=np.arange(0))
    factors = factors_of(same)[1:]
    importance = importances(same, factors, as_they_are, Reader.of(same, factors, as_they_are))
    rows = np.arange(len(same.train.labels))
    x = as_they_are(same.train, rows)
    for factor, sums in zip(factors, importance, strict=True):
        y = factor.target(same.train, rows)
        assert y.var(0).sum() == pytest.approx(1.0)
        model = LinearRegression(fit_intercept=False).fit(x, y)
        costs = permutation_importance(model, x, y, scoring="neg_mean_squared_error", n_repeats=30, random_state=0)
        expected = costs.importances_mean * y.shape[1]  # scikit-learn averages over the targets
        np.testing.assert_allclose(sums.sum(0) / len(rows), expected, rtol=0.05, atol=0.002)  # of 30 permutations
        assert expected.max() > 0.5


def test_a_class_that_train_has_not_is_a_state_of_its_own(context: Context) -> None:
    factor = factors_of(context)[0]
    strange = replace(context.val, labels=context.val.labels + 100)
    assert set(factor.state(strange, np.arange(12))) == {4} and factor.states == 5
    np.testing.assert_allclose(factor.target(strange, np.arange(3)) * factor.scale, -np.full((3, 4), 0.25), atol=1e-12)


def test_left_out_without_axes_factors_or_columns(context: Context) -> None:
    assert axes(replace(context, protocol=replace(SMALL, axes=False))) == {}
    assert axes(replace(context, train=replace(context.train, latents={}))) == {}
    still = {**context.train.latents, **{name: np.full(600, 0.3) for name in (*NUMBERS, "floor_hue")}}
    assert axes(replace(context, train=replace(context.train, latents=still))) == {}
    assert set(axes(replace(context, parts={**context.parts, "one": slice(0, 1)}))) == {WHOLE}


def test_a_turn_is_orthogonal_and_always_the_same() -> None:
    for width in (6, WIDE + 1):
        rows = np.random.default_rng(0).normal(size=(4, width))
        turned = Turn.of(width)(rows.copy())
        np.testing.assert_allclose(turned @ turned.T, rows @ rows.T, atol=1e-9)
        np.testing.assert_array_equal(turned, Turn.of(width)(rows.copy()))
    row = np.zeros((1, WIDE + 1))
    row[0, 5] = 1  # the rotation spreads one dimension's content over all dimensions
    assert np.abs(Turn.of(WIDE + 1)(row)).max() < 6 / np.sqrt(WIDE)


def test_a_turned_reader_is_that_of_turned_features(context: Context, as_they_are: Columns) -> None:
    factors, turn = factors_of(context), Turn.of(10)
    turned = replace(as_they_are, turn=turn)
    losses = importances(context, factors, turned, Reader.of(context, factors, as_they_are))
    rows = np.arange(len(context.val.labels))
    reader = Reader.of(context, factors, as_they_are)
    weights, squares = reader.of_turned(turn)
    for rotated, plain in zip(weights, reader.weights, strict=True):
        np.testing.assert_allclose(
            turned(context.val, rows) @ rotated, as_they_are(context.val, rows) @ plain, atol=1e-9
        )
    train = turned(context.train, np.arange(600)[context.training_objects[0] * 6 :])
    np.testing.assert_allclose(squares, (train**2).mean(0), atol=1e-9)
    assert len(losses) == len(factors) and losses[0].shape == (60, 10)


def test_wide_features_are_measured_by_inner_products_of_views_alike(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All views fit into the inner products, so that only the random rotation of the floor differs."""
    plain = axes(context)[WHOLE]
    for module in (probe, columns):
        monkeypatch.setattr(module, "WIDE", 4)
    wide = axes(context)[WHOLE]
    assert wide.keys() == plain.keys()
    for name, entry in wide.items():
        assert entry.value == pytest.approx(plain[name].value, abs=1e-5)
        assert entry.floor == pytest.approx(plain[name].floor, abs=0.15) and entry.floor != plain[name].floor
    monkeypatch.setattr(probe, "SIDE", 60)  # a tenth of the views
    few = axes(context)[WHOLE]
    assert few["dci_disentanglement"].value == pytest.approx(plain["dci_disentanglement"].value, abs=0.1)
