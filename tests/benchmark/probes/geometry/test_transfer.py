"""Probes hold where features code a target in one way everywhere, and fail where they code it in another way."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation
from scoring import ANGLES, SMALL, context_of, random_split

from iebench.benchmark.fitting.context import Context, Split
from iebench.benchmark.metrics.geometry.transfer import transfers
from iebench.benchmark.probes.geometry.transfer import transfer
from iebench.benchmark.protocol import load
from iebench.manifests.factors import factor_groups
from iebench.manifests.recipe import load as recipe

Array = NDArray[np.float64]
PROTOCOL = replace(SMALL, linear=replace(load("converged").linear, ridge=(1e-9,)))  # type: ignore[type-var]
OBJECTS, VIEWS = 24, 8


def pose(split: Split) -> Array:
    angles = np.stack([split.latents[name] for name in ANGLES], axis=1)
    return Rotation.from_euler("xyz", angles).as_matrix().reshape(-1, 9)


def code(split: Split) -> Array:
    return np.eye(4)[split.labels]


def made(features: Callable[[Split], Array]) -> Context:
    splits = [random_split(OBJECTS, VIEWS, seed=seed) for seed in (0, 1)]
    return context_of(*(replace(s, features=features(s).astype(np.float32)) for s in splits), protocol=PROTOCOL)


def r2(targets: Array, predictions: Array) -> float:
    """R2 of each component about its own mean, averaged."""
    return float(1 - (((targets - predictions) ** 2).sum(0) / ((targets - targets.mean(0)) ** 2).sum(0)).mean())


def value(values: dict[str, float], name: str) -> float:
    return pytest.approx(values[name], abs=2e-3)  # type: ignore[return-value]


def measured(context: Context) -> dict[str, float]:
    return {name: entry.value for name, entry in transfer(context)["whole"].items()}


def test_nothing_is_lost_where_features_code_each_target_in_one_way() -> None:
    values = measured(made(lambda split: np.column_stack([code(split), pose(split)])))
    assert {name for name in values if "_class_" in name} == {
        f"{kind}_class_without_{held}"
        for kind in ("transfer", "drop")
        for held in (*ANGLES, "floor_hue", "light_hue", "meshes")
    }
    for name in values:
        if "_class_" in name or "_pose_" in name:
            assert value(values, name) == (0 if name.startswith("drop") else 1), name


def test_a_class_that_is_coded_differently_in_half_of_a_range_is_lost() -> None:
    def shifted(split: Split) -> Array:
        return np.eye(4)[(split.labels + (split.latents["floor_hue"] > 0.5)) % 4]

    values = measured(made(shifted))
    assert values["drop_class_without_floor_hue"] > 0.9
    assert values["transfer_class_without_floor_hue"] < 0.1
    assert values["drop_class_without_light_hue"] < 0.2


def test_a_pose_that_is_coded_by_class_is_lost_on_other_classes() -> None:
    values = measured(made(lambda split: pose(split) * np.where(split.labels % 2, -1, 1)[:, None]))
    assert value(values, "drop_pose_without_classes") == 1 - values["transfer_pose_without_classes"]
    assert values["transfer_pose_without_classes"] < -1


def test_a_class_that_features_show_of_train_objects_alone_is_lost_on_val_objects() -> None:
    values = measured(made(lambda split: code(split) if split.identities[0][0] == "00000000" else 0 * code(split)))
    assert value(values, "drop_class_without_meshes") == 0.75
    assert value(values, "transfer_class_without_meshes") == 0.25


def test_a_cell_equals_a_slow_least_squares() -> None:
    noise = np.random.default_rng(2).normal(size=(2, OBJECTS * VIEWS, 9))
    context = made(lambda split: pose(split) + 0.3 * noise[int(split.identities[0][0])])
    train, val = context.train, context.val
    median = np.median(train.latents["light_hue"])
    outside, inside = np.empty((2, OBJECTS * VIEWS, 9))
    for side in (False, True):
        own, halves = (split.latents["light_hue"] > median for split in (train, val))
        design = np.column_stack([train.features, np.ones(len(own))])[own == side].astype(np.float64)
        weights = np.linalg.lstsq(design, pose(train)[own == side], rcond=None)[0]
        predicted = np.column_stack([val.features, np.ones(len(own))]) @ weights
        outside[halves != side], inside[halves == side] = predicted[halves != side], predicted[halves == side]
    values = measured(context)
    assert values["transfer_pose_without_light_hue"] == pytest.approx(r2(pose(val), outside), abs=1e-4)
    lost = r2(pose(val), inside) - r2(pose(val), outside)
    assert values["drop_pose_without_light_hue"] == pytest.approx(lost, abs=1e-4)


def test_views_in_which_one_factor_varies_alone_have_matrices_of_their_own() -> None:
    factors = recipe("3diebench-one-factor").factors
    splits = []
    for seed in (0, 1):
        split = random_split(8, 50, seed=seed)
        labels = np.repeat(np.arange(8) % 4, 50)
        turned = np.isin(np.arange(400) % 50, np.arange(1, 8))  # rot_x alone
        rng = np.random.default_rng(seed)
        split = replace(split, latents={factor.name: rng.uniform(0, 1, 400) for factor in factors})
        codes = np.eye(4)[(labels + turned) % 4], pose(split) * np.where(turned, -1, 1)[:, None]
        splits.append(replace(split, features=np.column_stack(codes).astype(np.float32)))
    context = replace(context_of(*splits, protocol=PROTOCOL), groups=factor_groups(factors))
    values = measured(context)
    assert values["across_floor_hue_to_light_hue"] == values["across_rot_y_to_rot_y"] == 1
    assert values["across_rot_x_to_rot_x"] > 0.8 and values["across_light_hue_to_rot_x"] < 0.1
    assert value(values, "across_pose_floor_hue_to_light_hue") == value(values, "across_pose_rot_y_to_rot_y") == 1
    assert values["across_pose_light_hue_to_rot_x"] < values["across_pose_rot_x_to_rot_x"] - 1


def test_notes_name_the_divisions_that_are_left_out_and_the_reason() -> None:
    context = made(code)
    latents = context.train.latents | {"floor_hue": np.zeros(OBJECTS * VIEWS)}
    rare = np.zeros(OBJECTS * VIEWS)
    rare[0] = 1  # its upper half has a view of one train object
    train = replace(context.train, latents=latents | {"light_hue": rare})
    val = replace(context.val, labels=context.val.labels + 1)
    values = transfer(replace(context, train=train, val=val))["whole"]
    assert [note for note in context.notes if note.startswith("transfer")] == [
        "transfer is not measured without half of floor_hue, light_theta, light_phi, trans_x, trans_y, trans_z: they do"
        " not vary in both train and val",
        "transfer is not measured without half of light_hue: a half lacks views of val, training or tuning objects",
        "transfer is not measured without half of the classes: val has classes that train lacks",
    ]
    assert not any(name.endswith(("_hue", "_classes")) for name in values) and "drop_class_without_meshes" in values


def test_without_a_second_view_meshes_are_left_out() -> None:
    splits = [random_split(OBJECTS, 1, seed=seed) for seed in (0, 1)]
    context = context_of(*splits, protocol=PROTOCOL)
    assert not any(name.endswith("_meshes") for name in measured(context))
    assert context.notes[-1] == "transfer is not measured without meshes: it needs two views of each object"


def test_without_a_linear_probe_nothing_is_measured_and_a_note_says_so() -> None:
    context = replace(made(code), protocol=replace(PROTOCOL, linear=None))
    assert transfer(context) == {} and "no linear probe" in context.notes[-1]


def test_every_value_is_described() -> None:
    context = made(code)
    assert set(measured(context)) <= set(transfers(context.groups))
