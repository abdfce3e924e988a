"""Linear probes reach their optimum: a target that is in the features is predicted, any other is at the floor."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from scoring import BRIEF, context_of, random_split
from sklearn.linear_model import Ridge

from iebench.benchmark.fitting.context import Context, Split, Values
from iebench.benchmark.fitting.solving import chosen, thinned
from iebench.benchmark.metrics import METRICS
from iebench.benchmark.probes import factor_regression
from iebench.benchmark.probes.kernel import kernel
from iebench.benchmark.probes.linear import linear
from iebench.benchmark.probes.rotation import matrices
from iebench.benchmark.protocol import load
from iebench.benchmark.statistics.metric_info import WHOLE

PROTOCOL = replace(load(), draws=100, heads={}, val_pairs=4)
TURN = np.linalg.qr(np.random.default_rng(9).normal(size=(9, 9)))[0]
Features = Callable[[Split, np.random.Generator], np.ndarray]


def nine(split: Split) -> np.ndarray:
    return matrices(split, np.arange(len(split.labels))[:, None])


def noise(split: Split, generator: np.random.Generator, columns: int) -> np.ndarray:
    return generator.normal(size=(len(split.labels), columns))


CONTAIN_THE_POSE: dict[str, Features] = {
    "nine entries": lambda split, generator: nine(split),
    "turned": lambda split, generator: nine(split) @ TURN,
    "among noise": lambda split, generator: np.hstack([nine(split) @ TURN, noise(split, generator, 100)]),
    "half as many columns as rows": lambda split, generator: np.hstack([nine(split), noise(split, generator, 135)]),
}


def context(features: Features, objects: int = 48, views: int = 6, parts: dict[str, slice] | None = None) -> Context:
    """Context with 48 train objects x 6 views; a function makes the features from the views."""
    splits = [random_split(objects, views, seed=0), random_split(30, views, seed=1, rounds=PROTOCOL.val_pairs)]
    made = [
        replace(split, features=features(split, np.random.default_rng(seed + 100)).astype(np.float32))
        for seed, split in enumerate(splits)
    ]
    return context_of(*made, PROTOCOL, tuning=6, parts=parts)


@pytest.mark.parametrize("features", CONTAIN_THE_POSE.values(), ids=CONTAIN_THE_POSE)
def test_features_that_contain_the_pose_give_it(features: Features) -> None:
    entries = linear(context(features))[WHOLE]
    for name in ("pose_linear", "rotation_composed"):
        assert entries[f"{name}_r2_mean"].value > 0.9999
        assert entries[f"{name}_degrees_mean"].value < 0.5 and entries[f"{name}_within_15"].value == 1


def test_features_that_contain_the_class_give_it() -> None:
    entries = linear(context(lambda split, generator: np.eye(4)[split.labels]))[WHOLE]
    assert entries["top1"].value == 1
    among = linear(context(lambda split, generator: np.hstack([np.eye(4)[split.labels], noise(split, generator, 100)])))
    assert among[WHOLE]["top1"].value > 0.97


def test_features_that_contain_the_hues_give_their_changes() -> None:
    def hues(split: Split, generator: np.random.Generator) -> np.ndarray:
        angles = 2 * np.pi * np.stack([split.latents["floor_hue"], split.latents["light_hue"]], axis=1)
        return np.hstack([np.sin(angles), np.cos(angles), noise(split, generator, 20)])

    entries = linear(context(hues))[WHOLE]
    for metric in ("colour_composed_r2_mean", "floor_hue_composed_r2", "light_hue_composed_r2"):
        assert entries[metric].value > 0.9999


@pytest.mark.parametrize("probe", [linear, kernel])
@pytest.mark.parametrize("columns", [1, 40, 400])
def test_without_knowledge_no_probe_is_significantly_below_its_floor(
    columns: int, probe: Callable[[Context], Values]
) -> None:
    entries = probe(context(lambda split, generator: noise(split, generator, columns)))[WHOLE]
    expected = {linear: {"top1", "rotation_composed_degrees_mean"}, kernel: {"kernel_top1", "rotation_degrees_mean"}}
    assert expected[probe] <= entries.keys()
    for metric, entry in entries.items():
        beside = entry.high - entry.floor if METRICS[metric].higher else entry.floor - entry.low
        assert beside >= -1e-9, (metric, entry)


def test_the_truth_of_two_views_composes_to_the_truth_of_the_pair() -> None:
    context_ = context(lambda split, generator: nine(split))
    rows = context_.val.all_pairs()[0]
    for factor in ("floor_hue", "light_hue"):
        first, second = (factor_regression.single(context_, context_.val, rows[:, view], factor) for view in (0, 1))
        expected = factor_regression.moved(context_, context_.val, rows, factor)
        np.testing.assert_allclose(factor_regression.composed(context_, factor, first, second), expected, atol=1e-12)


def test_the_final_weights_are_those_of_a_ridge_regression_on_all_train_views() -> None:
    def hazy(split: Split, generator: np.random.Generator) -> np.ndarray:
        return np.hstack([nine(split), noise(split, generator, 20)]) + noise(split, generator, 29)

    hazed = context(hazy)
    score = linear(hazed)[WHOLE]["pose_linear_r2_mean"].value
    noted = hazed.regularisation[WHOLE]["pose_linear"]
    assert noted.edge == "" and noted.penalty in load().linear.ridge  # type: ignore[union-attr, operator]
    x, x_val = (hazed.standardiser(split.features, slice(None)) for split in (hazed.train, hazed.val))
    reference = Ridge(alpha=noted.penalty * len(x), solver="svd").fit(x, nine(hazed.train))
    truth = nine(hazed.val)
    residual = ((truth - reference.predict(x_val)) ** 2).sum(0) / ((truth - truth.mean(0)) ** 2).sum(0)
    assert score == pytest.approx(1 - residual.mean(), abs=1e-6)


def test_what_was_chosen_is_noted_with_the_grids_edges() -> None:
    informed = context(lambda split, generator: nine(split))
    linear(informed)
    noted = informed.regularisation[WHOLE]
    assert set(noted) == {"classification", "pose_linear", "floor_hue_composed", "light_hue_composed"}
    assert (noted["pose_linear"].edge, noted["pose_linear"].penalty) == ("weakest", PROTOCOL.linear.ridge[-1])  # type: ignore[union-attr]
    assert (noted["classification"].edge, noted["classification"].penalty) == ("strongest", None)
    assert all(choice.converged for choice in noted.values())


def test_neighbouring_heads_change_nothing() -> None:
    def features(split: Split, generator: np.random.Generator) -> np.ndarray:
        return np.hstack([nine(split), noise(split, generator, 5)])

    plain = context(features)
    heads = {"rotation": replace(BRIEF, epochs=7), "classification": replace(BRIEF, epochs=2)}
    beside = replace(plain, protocol=replace(plain.protocol, heads=heads))
    assert linear(plain) == linear(replace(beside, seeds=(5,))) and kernel(plain) == kernel(beside)


def test_parts_are_probed_apart() -> None:
    def features(split: Split, generator: np.random.Generator) -> np.ndarray:
        return np.hstack([nine(split), np.eye(4)[split.labels]])

    values = linear(context(features, parts={WHOLE: slice(0, 13), "pose": slice(0, 9), "class": slice(9, 13)}))
    assert values["pose"]["pose_linear_r2_mean"].value > 0.9999 and values["class"]["pose_linear_r2_mean"].value < 0.1
    assert values["class"]["top1"].value == 1 and values["pose"]["top1"].value < 0.5


def test_many_columns_or_numbers_are_learnt_from_fewer_views() -> None:
    split = random_split(10, 6)
    assert thinned(split, np.arange(10), 60).tolist() == list(range(60))
    assert thinned(split, np.arange(10), 25).tolist() == [6 * i + j for i in range(10) for j in range(2)]
    assert thinned(split, np.arange(10), 5).tolist() == [0, 12, 24, 36, 48]
    assert thinned(split, np.arange(0), 5).tolist() == []
    whole = context(CONTAIN_THE_POSE["nine entries"])
    settings = replace(whole.protocol.linear, side=8, numbers=9 * 50)  # type: ignore[type-var]
    few = linear(replace(whole, protocol=replace(whole.protocol, linear=settings)))[WHOLE]
    assert few["pose_linear_r2_mean"].value < 0.999 and few["pose_linear_r2_mean"].value > -0.1


def test_a_constant_answer_stays_where_chance_could_make_it_look_worse() -> None:
    objects = np.repeat(np.arange(8), 4)
    generator = np.random.default_rng(0)
    constant = 1 + 0.1 * generator.random((32, 1))
    steady = constant - 0.01
    lucky = constant + np.where(objects == 0, -1.0, 0.13)[:, None]  # one object makes it better in the mean
    assert chosen(np.hstack([constant, steady]), objects) == 1
    assert lucky.mean() < constant.mean() and chosen(np.hstack([constant, lucky]), objects) == 0
    assert (
        chosen(np.hstack([constant, constant]), objects) == 0 and chosen(np.empty((0, 2)), np.empty(0, np.int64)) == 0
    )


@pytest.mark.parametrize("probe", [linear, kernel])
@pytest.mark.parametrize("case", ["constant features", "one train object", "no latents", "one latent", "one column"])
def test_degenerate_data_gets_finite_answers_and_constant_features_the_floor(
    probe: Callable[[Context], Values], case: str
) -> None:
    plain = context(lambda split, generator: noise(split, generator, 5))
    train, val = plain.train, plain.val
    if case == "constant features":
        train, val = (replace(split, features=np.full((len(split.labels), 5), 3, np.float32)) for split in (train, val))
    elif case == "one train object":
        train = random_split(1, 6, seed=0, features=train.features[:6])
    elif case in ("no latents", "one latent"):
        kept = [] if case == "no latents" else ["light_hue"]
        train, val = (replace(split, latents={name: split.latents[name] for name in kept}) for split in (train, val))
    else:
        train, val = (replace(split, features=split.features[:, :1]) for split in (train, val))
    entries = probe(context_of(train, val, PROTOCOL, tuning=0 if case == "one train object" else 6))[WHOLE]
    assert len(entries) >= 1
    for metric, entry in entries.items():
        assert np.isfinite([entry.value, entry.low, entry.high]).all(), metric
        if case == "constant features":
            assert entry.value == pytest.approx(entry.floor, abs=0.06 if "degrees" not in metric else 6), metric
