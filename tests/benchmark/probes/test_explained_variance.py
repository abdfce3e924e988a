"""Shares of variance equal closed forms."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from scoring import ANGLES, SMALL, context_of, random_split
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score

from iebench.benchmark.fitting.context import Context, Split
from iebench.benchmark.probes.explained_variance import basis, learnt, shares
from iebench.benchmark.statistics.explained import Between, Explained
from iebench.manifests.conventions import pose

RAW = replace(SMALL, features="as they are")


def of(split: Split, seed: int) -> Split:
    """Return the split with features of known variance: hue 2, rotation 3, class 1.5, object 4, noise 1."""
    generator = np.random.default_rng(seed)
    angle = 2 * np.pi * split.latents["floor_hue"]
    matrices = pose(split.columns(ANGLES, np.arange(len(angle)))).as_matrix()
    shift = np.eye(4)[split.labels] * np.sqrt(8)  # four classes of equal size: each column has variance 8 * 3/16
    columns = [
        2 * np.cos(angle), np.sqrt(3) * matrices[:, 0, 1] / matrices[:, 0, 1].std(), shift[:, 0],
        np.repeat(generator.normal(size=split.objects), split.views) * 2, generator.normal(size=len(angle)),
    ]  # fmt: skip
    return replace(split, features=np.stack(columns, axis=1).astype(np.float32))


@pytest.fixture(scope="module")
def context() -> Context:
    train, val = of(random_split(400, 8), 1), of(random_split(400, 8, seed=1), 2)
    return replace(context_of(train, val, RAW), standardiser=context_of(train, val).standardiser.nothing(5))


def test_each_share_is_its_factors_variance_over_all_of_it(context: Context) -> None:
    entries = shares(context)["whole"]
    total = 2 + 3 + 1.5 + 4 + 1
    for name, variance in (
        ("floor_hue", 2), ("rotation", 3), ("class", 1.5), ("object", 4 + 1.5), ("light_hue", 0),
    ):  # fmt: skip
        entry = entries[f"share_{name}"]
        assert entry.value == pytest.approx(variance / total, abs=0.05), name
        assert entry.low <= entry.value <= entry.high and entry.floor == 0.0


def test_a_share_equals_scikit_learns_regression(context: Context) -> None:
    train, val = context.train, context.val
    rows = np.arange(len(train.labels))
    for name in ("class", "rotation", "floor_hue"):
        model = LinearRegression().fit(basis(context, train, name, rows), train.features)
        predicted = model.predict(basis(context, val, name, rows))
        expected = r2_score(val.features, predicted, multioutput="variance_weighted")
        assert shares(context)["whole"][f"share_{name}"].value == pytest.approx(expected, abs=1e-4)


def test_blocks_change_nothing(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = shares(context)["whole"]
    monkeypatch.setattr("iebench.benchmark.fitting.standardise.ROWS_PER_BLOCK", 100)
    for name, entry in shares(context)["whole"].items():
        assert entry.value == pytest.approx(whole[name].value, abs=1e-9)


def test_a_representation_that_does_not_vary_has_no_share(context: Context) -> None:
    blank = replace(context.val, features=np.ones_like(context.val.features))
    blind = replace(context.train, features=np.ones_like(context.train.features))
    for entry in shares(replace(context, train=blind, val=blank))["whole"].values():
        assert entry.value == pytest.approx(0.0, abs=1e-9)


def test_functions_of_degree_two_are_what_they_should_be(context: Context) -> None:
    """Wigner's degree 2: orthogonal matrices, D(R S) = D(R) D(S), and any product of two entries of R in their span."""
    split = context.train
    rows = np.arange(200)
    functions = basis(context, split, "rotation", rows)
    second = functions[:, 10:].reshape(-1, 5, 5)
    np.testing.assert_allclose(np.einsum("nij,nkj->nik", second, second), np.tile(np.eye(5), (200, 1, 1)), atol=1e-12)
    rotations = pose(split.columns(ANGLES, rows))
    product = (rotations[:100] * rotations[100:]).as_euler("xyz")
    latents = {name: product[:, i] for i, name in enumerate(ANGLES)}
    composed = basis(context, replace(split, latents=latents), "rotation", np.arange(100))[:, 10:].reshape(-1, 5, 5)
    np.testing.assert_allclose(composed, second[:100] @ second[100:], atol=1e-12)
    matrices = rotations.as_matrix()
    products = matrices[:, 0, 1] * matrices[:, 2, 0]
    assert LinearRegression().fit(functions, products).score(functions, products) == pytest.approx(1.0)
    assert isinstance(rotations, Rotation)


def test_unknown_classes_take_nothing_from_others(context: Context) -> None:
    strange = replace(context.val, labels=context.val.labels + 100)
    assert (basis(context, strange, "class", np.arange(50))[:, :-1] == 0).all()
    assert set(learnt(context, slice(0, 5), np.zeros(5))) == {"class", "rotation", "floor_hue", "light_hue"}


def test_values_far_beyond_trains_range_make_no_share_far_below_0(context: Context) -> None:
    """Powers of a latent once grew without bound there: a share of -5e20, which its own reader refuses."""
    train, val = (
        replace(
            split, latents=split.latents | dict.fromkeys(("light_theta", "light_phi"), split.latents["rot_x"] + beyond)
        )
        for split, beyond in ((context.train, 0.0), (context.val, 1e7))
    )
    entries = shares(replace(context, train=train, val=val))["whole"]
    assert "share_light_position" in entries
    assert entries["share_light_position"].value > -1e6


def test_between_objects_is_the_variance_of_their_true_means() -> None:
    generator = np.random.default_rng(3)
    means = 2 * generator.normal(size=(3000, 1, 2))
    samples = means + generator.normal(size=(3000, 4, 2))
    linear, square = samples.sum(1), (samples**2).sum((1, 2))
    within = ((samples - samples.mean(1, keepdims=True)) ** 2).sum((1, 2))
    once = np.ones((1, 3000), np.int64)
    assert Between(4, within, linear, square, 0.0).at(once)[0] == pytest.approx(4 / 5, abs=0.02)
    flat = samples.reshape(-1, 2)
    naive = Explained(4, within, linear, square, 0.0).at(once)[0]
    assert naive == pytest.approx(1 - within.sum() / ((flat - flat.mean(0)) ** 2).sum()) and naive > 0.83
