"""Datasets and features in which something is constant: every number of a score stays finite and of reasonable size.

Every ratio in the package has a case here or beside its own tests (`test_explained.py`, `test_alignment.py`).
"""

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation
from scoring import ANGLES, BRIEF, SMALL, context_of, from_run, random_split, score_of, untrained_run

from iebench.baselines import losses
from iebench.benchmark.fitting import oracle as symmetric
from iebench.benchmark.fitting.context import Context, Split, Values
from iebench.benchmark.fitting.maps import Subspace
from iebench.benchmark.orbits.sweep import orbits
from iebench.benchmark.probes.explained_variance import shares
from iebench.benchmark.probes.separation import separation
from iebench.benchmark.protocol import Maps, Protocol
from iebench.benchmark.protocol import load as load_protocol
from iebench.benchmark.results.faults import damage_of, faults_of
from iebench.benchmark.scoring.probing import run
from iebench.benchmark.scoring.score import score
from iebench.benchmark.statistics.bootstrap import Bootstrap, Resampled, plain
from iebench.benchmark.statistics.metric_info import WHOLE
from iebench.benchmark.statistics.resamples import Resamples
from iebench.benchmark.training.online.probes import Target
from iebench.manifests.conventions import geodesic_degrees
from iebench.manifests.laws import Constant
from iebench.manifests.recipe import load
from iebench.manifests.symmetry import Symmetry
from iebench.renderer.blender.interface import FAKE
from iebench.renderer.plan import Plan
from iebench.renderer.rendering.render import render_dataset

pytestmark = pytest.mark.slow

WHOLE_SCALE = 200  # degrees reach 180; all other numbers are much smaller
ASKED = replace(
    SMALL, heads=dict.fromkeys(("classification", "rotation", "pose", "changes"), BRIEF), draws=20, seeds=1,
    maps=Maps(dims=4, pairs=2, units=4),
)  # fmt: skip


def sound(values: Values) -> None:
    for part, measured in values.items():
        for metric, estimate in measured.items():
            numbers = (estimate.value, estimate.low, estimate.high, estimate.floor)
            assert all(math.isfinite(n) and abs(n) <= WHOLE_SCALE for n in numbers), (part, metric, estimate)


def changed(split: Split, **latents: NDArray[np.float64] | float) -> Split:
    count = len(split.labels)
    return replace(split, latents={**split.latents, **{name: np.broadcast_to(v, count) for name, v in latents.items()}})


CASES: dict[str, Callable[[Split], Split]] = {
    "one axis": lambda split: changed(split, rot_x=0.4, rot_y=-0.7),
    "one axis, at a right angle": lambda split: changed(split, rot_x=0.0, rot_y=np.pi / 2),
    "a pose for each object": lambda split: changed(
        split, **{name: np.repeat(split.latents[name][:: split.views], split.views) for name in ANGLES}
    ),
    "a hue for each object": lambda split: changed(
        split, floor_hue=np.repeat(split.latents["floor_hue"][:: split.views], split.views)
    ),
    "moved along one axis": lambda split: changed(split, trans_x=0.2, trans_y=split.latents["rot_x"] / 9, trans_z=0.0),
    "a height for each split": lambda split: changed(
        split, light_theta=0.3 + 0.1 * split.objects, light_phi=split.latents["rot_y"]
    ),
    "one class": lambda split: replace(split, labels=np.zeros_like(split.labels)),
    "one point": lambda split: replace(split, features=np.full_like(split.features, 3.0)),
    "a point for each object": lambda split: replace(
        split, features=np.repeat(split.features[:: split.views], split.views, axis=0)
    ),
    "one column": lambda split: replace(split, features=np.tile(split.features[:, :1], (1, 9))),
    "val far beyond train's range": lambda split: changed(
        split,
        light_theta=split.latents["rot_x"] * (1e-6 if split.objects == 24 else 1.0) + split.objects,
        light_phi=split.latents["rot_y"],
    ),
    "val hardly turned": lambda split: (
        split
        if split.objects == 24
        else changed(split, **{name: 0.3 + 1e-4 * value for name, value in split.latents.items()})
    ),
    "train hardly turned": lambda split: (
        split
        if split.objects == 12
        else changed(split, **{name: 0.3 + 1e-4 * value for name, value in split.latents.items()})
    ),
    "val's features far away": lambda split: replace(
        split, features=split.features * np.float32(1e15 if split.objects == 12 else 1)
    ),
    "features of nearly nothing": lambda split: replace(split, features=split.features * np.float32(1e-40)),
    "features far from 0": lambda split: replace(split, features=split.features + np.float32(1e7)),
    "nearly one point": lambda split: replace(split, features=1 + 1e-7 * split.features),
}


@pytest.mark.parametrize("features", ["standardised", "as they are"])
@pytest.mark.parametrize("case", CASES)
def test_whatever_does_not_vary_no_number_leaves_its_scale(case: str, features: str) -> None:
    train, val = (CASES[case](random_split(objects, 4, seed=i, rounds=4)) for i, objects in enumerate((24, 12)))
    context = context_of(train, val, replace(ASKED, features=features))
    values = run(context)
    sound(values)
    readable(context, values)


@pytest.mark.parametrize(("learnt", "val_count"), [(1, 12), (2, 40), (24, 1), (1, 1)])
@pytest.mark.parametrize("protocol", [ASKED, replace(load_protocol("converged"), draws=20)], ids=["heads", "solved"])
def test_splits_of_next_to_no_objects_are_scored(learnt: int, val_count: int, protocol: Protocol) -> None:
    train, val = (random_split(objects, 4, seed=i, rounds=4) for i, objects in enumerate((learnt, val_count)))
    context = context_of(train, val, protocol, tuning=learnt // 2)
    values = run(context)
    sound(values)
    readable(context, values)
    assert "top1" in values[WHOLE]


def readable(context: Context, values: Values) -> None:
    """Check that a score with these values passes its own reader."""
    result = score_of("a", {part: {name: plain(entry) for name, entry in own.items()} for part, own in values.items()})
    facts = replace(result.dataset, train_objects=context.train.objects, val_objects=context.val.objects)
    resamples, protocol = Resamples.of(context.bootstrap, values), context.protocol
    result = replace(result, dataset=facts, resamples=resamples, protocol=protocol, protocol_id=protocol.id)
    assert not damage_of(result)


def test_what_has_no_size_that_means_something_is_left_out_and_named() -> None:
    train, val = (
        CASES["val hardly turned"](random_split(objects, 4, seed=i, rounds=4)) for i, objects in enumerate((24, 12))
    )
    context = context_of(train, val, ASKED)
    values = run(context)[WHOLE]
    assert "pose_r2_mean" not in values and "pose_degrees_mean" in values
    (note,) = [note for note in context.notes if note.startswith("left out, since a value, interval or floor")]
    assert "of whole (-" in note and note.endswith(" more")


def test_features_of_nearly_nothing_score_as_the_same_ones_do() -> None:
    splits = [random_split(objects, 4, seed=i, rounds=4) for i, objects in enumerate((24, 12))]
    tiny = [CASES["features of nearly nothing"](split) for split in splits]
    plain_values, tiny_values = (run(context_of(*both, ASKED))[WHOLE] for both in (splits, tiny))
    for metric in ("knn_top1", "share_rotation", "rotation_map_mrr", "mig", "pose_r2_mean"):
        assert tiny_values[metric].value == pytest.approx(plain_values[metric].value, abs=0.02), metric


def test_what_hardly_varies_is_left_out_of_the_average_and_named() -> None:
    train, val = (CASES["one axis"](random_split(objects, 4, seed=i, rounds=4)) for i, objects in enumerate((60, 30)))
    context = context_of(train, val, ASKED)
    values = run(context)[WHOLE]
    assert values["rotation_r2_mean"].ceiling is None and abs(values["pose_r2_mean"].value) < 2
    assert any(note.startswith("pose_r2_mean averages 6 of 9") for note in context.notes)
    still = context_of(*(CASES["a pose for each object"](split) for split in (train, val)), ASKED)
    values = run(still)[WHOLE]
    assert "rotation_r2_mean" not in values and "pose_r2_mean" in values
    assert "rotation is not measured: its target is constant" in still.notes


def test_a_move_along_one_axis_is_worth_what_its_one_component_is() -> None:
    """Constant components once had an R2 of 0 and counted in the average, so that a perfect prediction got 1/3."""
    train, val = (random_split(objects, 4, seed=i, rounds=40) for i, objects in enumerate((200, 40)))
    train, val = (CASES["moved along one axis"](split) for split in (train, val))
    keen = replace(BRIEF, hidden=(), epochs=40, lr=(1e-2,))
    estimate = run(context_of(train, val, replace(SMALL, heads={"changes": keen})))[WHOLE]["translation_object_r2"]
    assert estimate.value > 0.9 and estimate.ceiling == 1.0


def test_a_recipe_with_one_axis_is_scored_from_end_to_end(tmp_path: Path, tiny_plan: Callable[..., Plan]) -> None:
    recipe = load()
    factors = [
        replace(factor, law=Constant(0.4)) if factor.name in ("rot_x", "rot_y") else factor for factor in recipe.factors
    ]
    recipe = replace(recipe, factors=tuple(factors), views=4, resolution=32)
    data = tmp_path / "data"
    render_dataset(replace(tiny_plan(classes="4", per_class=5), recipe=recipe), data, workers=1, backend=FAKE)
    run_folder = untrained_run(tmp_path / "sie", data)
    result = score(from_run(run_folder, None, torch.device("cpu")), data, tmp_path / "f", torch.device("cpu"), ASKED)
    sound(result.values)
    assert {"rotation_r2_mean", "pose_r2_mean", "mrr", "rotation_map_mrr"} <= result.values[WHOLE].keys()
    assert not faults_of(result)
    assert any("averages" in note and "of 9 components" in note for note in result.notes)


@pytest.mark.parametrize(("scale", "offset"), [(1e-9, 0.0), (1e9, 0.0), (1.0, 1e3)])
def test_what_is_said_of_features_as_they_are_is_free_of_their_scale_and_offset(scale: float, offset: float) -> None:
    """Covers the shares and the space of the learned maps; an offset costs only float32's own precision."""
    splits = [random_split(objects, 4, seed=i) for i, objects in enumerate((80, 40))]
    moved = [replace(split, features=(split.features * scale + offset).astype(np.float32)) for split in splits]
    first, second = (context_of(*both, replace(SMALL, features="as they are")) for both in (splits, moved))
    first, second = (replace(c, standardiser=c.standardiser.nothing(9)) for c in (first, second))
    for metric, estimate in shares(first)[WHOLE].items():
        assert shares(second)[WHOLE][metric].value == pytest.approx(estimate.value, abs=1e-3)
    spaces = [Subspace.of(c, slice(0, 9), c.train.all_pairs()[0], 64) for c in (first, second)]
    assert spaces[0].axes.shape == spaces[1].axes.shape
    original, shifted = (space(c.val, np.arange(20)) for space, c in zip(spaces, (first, second), strict=True))
    np.testing.assert_allclose(np.abs(original), np.abs(shifted), atol=2e-3)


def test_a_leak_is_a_quotient_by_what_the_whole_knows_and_not_by_next_to_nothing() -> None:
    generator = np.random.default_rng(0)

    def entry(value: float, draws: NDArray[np.float64]) -> Resampled:
        low, high = np.quantile(draws, [0.025, 0.975])
        return Resampled(value, float(low), float(high), 0.0, 9, 9, draws=draws, each=None)

    whole, part = 0.1 + 0.05 * generator.normal(size=1000), 0.08 + 0.05 * generator.normal(size=1000)
    whole[:24] = 1e-12  # up to 24 of a thousand bootstrap samples may be at the floor with the interval above it
    whole[24:] = np.maximum(whole[24:], 0.01)
    values = {WHOLE: {"rotation_r2_mean": entry(0.1, whole)}, "invariant": {"rotation_r2_mean": entry(0.08, part)}}
    leak = separation(values, Bootstrap.of(9, 1000, 0.95, 0))["invariant"]["pose_leak"]
    assert leak.value == pytest.approx(0.8)
    assert isinstance(leak, Resampled) and np.abs(leak.draws).max() < 100 and leak.high < 25


def test_a_quaternion_of_zeros_is_as_wrong_as_can_be() -> None:
    right = Rotation.random(5, rng=0).as_quat()
    np.testing.assert_allclose(geodesic_degrees(right, np.zeros((5, 4))), 180)


def test_a_pose_that_the_laws_do_not_know_counts_as_any_that_looks_alike() -> None:
    """At right angles about y, Euler angles are not unique; those computed from a rotation may lie outside all laws."""
    laws = (Constant(0.3), Constant(np.pi / 2), Constant(0.9))
    half_turn = Symmetry("finite", Rotation.from_euler("z", [[0], [np.pi]]).as_quat())
    split = changed(random_split(3, 4), rot_x=0.3, rot_y=np.pi / 2, rot_z=0.9)
    oracle = symmetric.Symmetries(dict.fromkeys(split.identities, half_turn), symmetric.Prior(laws, np.eye(3)))
    encoded = oracle(split, split.all_pairs()[0])
    assert np.isfinite(encoded).all() and np.abs(encoded).max() <= 1 + 1e-9


def test_a_factor_of_two_values_on_a_circle_is_regressed_where_it_varies() -> None:
    hue = next(factor for factor in load().factors if factor.name == "floor_hue")
    target = Target.of(hue, np.tile([0.25, 0.75], 50))  # the cosine of both is 0
    assert target.varies and target.numbers(torch.tensor([0.25, 0.75])).tolist() == [[1.0], [-1.0]]
    assert not Target.of(hue, np.full(9, 0.3)).varies


def test_an_orbit_is_free_of_the_features_scale() -> None:
    factor = next(factor for factor in load("orbit").factors if factor.name == "rot_z")
    splits = [random_split(n, 6, seed=n) for n in (20, 5)]
    splits = [changed(split, rot_z=np.tile(np.linspace(-2, 2, 6), split.objects)) for split in splits]
    tiny = [replace(split, features=1e-12 * split.features) for split in splits]
    plain_curves, tiny_curves = (orbits(*pair, {WHOLE: slice(0, 9)}, factor).curves[WHOLE] for pair in (splits, tiny))
    for curve in plain_curves:
        np.testing.assert_allclose(plain_curves[curve], tiny_curves[curve], atol=1e-4)


COLLAPSED = {
    "zero": torch.zeros(8, 5),
    "one point": torch.full((8, 5), 2.0),
    "one dimension": torch.arange(8.0)[:, None].expand(8, 5),
    "tiny": 1e-30 * torch.arange(40.0).view(8, 5),
}


@pytest.mark.parametrize("case", COLLAPSED)
def test_losses_of_collapsed_embeddings_are_finite_and_so_are_their_gradients(case: str) -> None:
    terms = {
        "distance": lambda x: losses.distance(x, x.flip(0)),
        "variance": losses.variance,
        "covariance": losses.covariance,
        "cosine": lambda x: losses.cosine_distance(x, x.flip(0)),
        "contrast": lambda x: losses.nt_xent(x, x.flip(0), 0.1),
    }
    for name, term in terms.items():
        embedding = COLLAPSED[case].clone().requires_grad_()
        value = term(embedding)
        value.backward()
        assert torch.isfinite(value) and embedding.grad is not None and torch.isfinite(embedding.grad).all(), name
