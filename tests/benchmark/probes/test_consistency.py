"""Group consistency: representations with an exact linear action, representations with none, and the group laws."""

from dataclasses import replace

import numpy as np
import pytest
from scoring import ANGLES, HUES, SMALL, context_of, random_split

from iebench.benchmark.fitting.context import Context, Split, Values
from iebench.benchmark.fitting.maps import Subspace
from iebench.benchmark.fitting.transforms import Group, rotations, turns
from iebench.benchmark.metrics import METRICS
from iebench.benchmark.probes.consistency import _chained, consistency
from iebench.benchmark.protocol import Maps
from iebench.benchmark.statistics.metric_info import WHOLE
from iebench.manifests.conventions import pose

PROTOCOL = replace(SMALL, maps=Maps(dims=24, pairs=6, units=16), draws=20)
ERRORS = ("error", "error_nonlinear", "identity", "inverse", "composition")


def carrying(split: Split, seed: int) -> np.ndarray:
    """Return R^T v for three vectors of each object (R12 from the left: R2^T v = R12^T R1^T v), and hues as circles."""
    vectors = np.repeat(np.random.default_rng(seed).normal(size=(split.objects, 3, 3)), split.views, axis=0)
    matrices = pose(split.columns(ANGLES, np.arange(len(split.labels)))).as_matrix()
    turned = np.einsum("nji,nkj->nki", matrices, vectors).reshape(len(matrices), -1)
    phases = 2 * np.pi * split.columns(HUES, np.arange(len(split.labels)))
    return np.concatenate([turned, np.cos(phases), np.sin(phases)], axis=1)


def contexts(columns: slice | None, noise: bool = False) -> Context:
    splits = []
    for seed, objects in ((0, 120), (1, 30)):
        bare = random_split(objects, 6, seed=seed, rounds=6)
        features = carrying(bare, seed)
        if noise:
            features = np.random.default_rng(seed + 5).normal(size=features.shape)
        mixed = features[:, columns or slice(None)]
        turn = np.random.default_rng(9).normal(size=(mixed.shape[1], mixed.shape[1]))  # no axis of the space is special
        splits.append(replace(bare, features=(mixed @ turn).astype(np.float32)))
    return context_of(*splits, PROTOCOL, tuning=30)


@pytest.fixture(scope="module")
def exact() -> Values:
    return {
        "rotation": consistency(contexts(slice(0, 9)))[WHOLE],
        "colour": consistency(contexts(slice(9, 13)))[WHOLE],
    }


@pytest.mark.parametrize("group", ["rotation", "colour"])
@pytest.mark.parametrize("name", ERRORS)
def test_an_exact_linear_action_leaves_no_error(exact: Values, group: str, name: str) -> None:
    entry = exact[group][f"{group}_map_{name}"]
    assert entry.value == pytest.approx(0.0, abs=1e-4) and entry.floor > 0.9


@pytest.mark.parametrize("group", ["rotation", "colour"])
def test_an_exact_action_finds_every_view(exact: Values, group: str) -> None:
    entry = exact[group][f"{group}_map_mrr"]
    assert entry.value == 1.0 and entry.floor == pytest.approx((1 + 1 / 2 + 1 / 3 + 1 / 4 + 1 / 5) / 5)


def test_the_other_groups_map_has_nothing_to_go_by(exact: Values) -> None:
    """Colour does not predict how a representation of the pose changes, nor the pose one of a hue."""
    for name, other in (("rotation", "colour"), ("colour", "rotation")):
        entry = exact[name][f"{other}_map_error"]
        assert entry.value > 0.9 * entry.floor
        assert exact[name][f"{other}_map_mrr"].value < 0.6


@pytest.mark.slow
def test_a_representation_of_noise_is_at_the_floor() -> None:
    values = consistency(contexts(None, noise=True))[WHOLE]
    assert set(values) <= METRICS.keys() and len(values) == 12
    for group in ("rotation", "colour"):
        error, mrr = values[f"{group}_map_error"], values[f"{group}_map_mrr"]
        assert error.value == pytest.approx(error.floor, rel=0.1) and error.value > 0.9
        assert mrr.low < mrr.floor < mrr.high


@pytest.mark.slow
def test_another_view_in_place_of_the_answer_is_two_variances_away() -> None:
    values = consistency(contexts(None, noise=True))[WHOLE]
    assert values["rotation_map_identity"].floor == pytest.approx(2 * 6 / 5, rel=0.15)  # 2 n / (n - 1) of n views


def test_a_representation_that_never_moves_has_nothing_explained() -> None:
    context = contexts(None)
    blank = [replace(s, features=np.ones((len(s.labels), 4), np.float32)) for s in (context.train, context.val)]
    values = consistency(context_of(*blank, PROTOCOL))[WHOLE]
    assert {name: values[f"rotation_map_{name}"].value for name in ERRORS} == dict.fromkeys(ERRORS, 1.0)
    assert values["rotation_map_mrr"].value == pytest.approx(values["rotation_map_mrr"].floor)


def test_without_settings_or_latents_there_is_nothing_to_measure() -> None:
    context = contexts(None)
    assert consistency(replace(context, protocol=replace(PROTOCOL, maps=None))) == {}
    bare = [replace(s, latents={}) for s in (context.train, context.val)]
    assert consistency(replace(context_of(*bare, PROTOCOL), groups=())) == {}


@pytest.mark.parametrize("name", ["rotation", "colour"])
def test_the_groups_are_groups(name: str) -> None:
    context = contexts(None)
    group: Group = rotations() if name == "rotation" else turns("colour", HUES, context)
    first, second, third = np.arange(50), np.arange(50) + 60, np.arange(50) + 120

    def element(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return group.between(context.train, np.stack([a, b], axis=1))

    def same(a: np.ndarray, b: np.ndarray) -> None:
        np.testing.assert_allclose(group.numbers(a), group.numbers(b), atol=1e-12)

    same(group.compose(element(first, second), element(second, third)), element(first, third))
    same(group.inverse(element(first, second)), element(second, first))
    same(group.compose(element(first, second), element(second, first)), element(first, first))


def test_the_third_view_is_another_of_the_same_object() -> None:
    rows = np.array([[6 * o + a, 6 * o + b] for o in range(2) for a in range(6) for b in range(6) if a != b])
    third = _chained(rows, 6)
    assert (third // 6 == rows[:, 0] // 6).all() and (third[:, None] != rows).all()


def test_the_subspace_is_where_views_differ() -> None:
    context = contexts(None)
    code = np.repeat(np.random.default_rng(3).normal(size=(context.train.objects, 5)) * 50, 6, axis=0)
    features = np.concatenate([code, context.train.features[:, :4]], axis=1).astype(np.float32)
    context = replace(context_of(replace(context.train, features=features), context.val, PROTOCOL),
                      parts={WHOLE: slice(0, 9)})  # fmt: skip
    rows = context.train.all_pairs()[0]
    space = Subspace.of(context, slice(0, 9), rows, 24)
    assert space.axes.shape == (9, 4)  # the object's code is constant
    views = space(context.train, np.arange(720)).reshape(120, 6, 4)
    assert views.var(axis=1, ddof=1).sum(-1).mean() == pytest.approx(1.0, rel=0.1)


@pytest.mark.slow
def test_wide_features_have_the_same_maps_by_inner_products_of_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    context = contexts(None)
    plain = consistency(context)["whole"]
    monkeypatch.setattr("iebench.benchmark.fitting.maps.WIDE", 4)
    monkeypatch.setattr("iebench.benchmark.statistics.ridge.COLUMNS", 5)
    monkeypatch.setattr("iebench.benchmark.fitting.standardise.NUMBERS", 700)
    for name, entry in consistency(context)["whole"].items():
        random_units = name.endswith("nonlinear")  # which depend on the sign of an axis
        assert entry.value == pytest.approx(plain[name].value, abs=0.01 if random_units else 1e-4), name
