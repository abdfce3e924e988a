"""The probes on features that hold all factors, and on features that hold none."""

from dataclasses import replace

import numpy as np
import pytest
from definitions import r2_mean, r2_pooled
from scipy.spatial.transform import Rotation
from scoring import LINEAR, SMALL, context_of, random_split

from iebench.benchmark import protocol as protocols
from iebench.benchmark.fitting.context import PROBES, Split, Values, steps
from iebench.benchmark.fitting.heads import ROUNDS
from iebench.benchmark.metrics import METRICS
from iebench.benchmark.probes.classification import class_indices
from iebench.benchmark.probes.factor_regression import COLOUR, moved
from iebench.benchmark.probes.heads import TASKS
from iebench.benchmark.probes.rotation import matrices, quaternions
from iebench.benchmark.scoring.probing import run
from iebench.benchmark.statistics.metric_info import WHOLE
from iebench.manifests.conventions import geodesic_degrees

pytestmark = pytest.mark.slow

KEEN = replace(LINEAR, epochs=40, lr=(3e-3,), batch=64)
DEEP = replace(KEEN, hidden=(64, 64))
PROTOCOL = replace(SMALL, heads={"classification": KEEN, "rotation": DEEP, "changes": DEEP})
RELEASED = replace(
    protocols.load("released"), heads={"classification": KEEN, "rotation": DEEP, "colour": DEEP}, val_pairs=4, draws=50
)


def splits(informed: bool) -> tuple[Split, Split]:
    train, val = random_split(400, 6, rounds=40), random_split(60, 6, seed=1, rounds=4)
    if not informed:
        blank = [np.ones((len(split.labels), 3), np.float32) for split in (train, val)]
        train, val = (replace(split, features=f) for split, f in zip((train, val), blank, strict=True))
    return train, val


@pytest.fixture(scope="module")
def informed() -> Values:
    return run(context_of(*splits(True), PROTOCOL))


@pytest.fixture(scope="module")
def blank() -> Values:
    return run(context_of(*splits(False), PROTOCOL))


@pytest.mark.parametrize(("metric", "atleast"), [
    ("top1", 0.95), ("top5", 1.0), ("rotation_r2_mean", 0.5), ("rotation_r2_pooled", 0.6), ("rotation_within_30", 0.5),
    # from hues as plain numbers, sine and cosine of a difference are hard to learn
    ("colour_r2_mean", 0.3), ("colour_r2_pooled", 0.3), ("floor_hue_r2", 0.3), ("light_hue_r2", 0.3),
])  # fmt: skip
def test_what_the_features_hold_is_found(informed: Values, metric: str, atleast: float) -> None:
    entry = informed[WHOLE][metric]
    assert entry.value >= atleast and entry.low <= entry.value <= entry.high
    assert entry.value > entry.floor or metric == "top5"
    assert entry.spread is not None and entry.spread < 0.3
    assert entry.ceiling == (None if metric.startswith("rotation") else 1.0)


def test_what_the_features_hold_is_found_as_released() -> None:
    entries = run(context_of(*splits(True), RELEASED))[WHOLE]
    for metric, atleast in (
        ("top1", 0.9),
        ("rotation_r2_pooled", 0.6),
        ("colour_r2_pooled", 0.9),
        ("colour_r2_mean", 0.9),
    ):
        assert entries[metric].value >= atleast and entries[metric].spread is None
    assert entries["top1"].n == entries["rotation_r2_mean"].n == 240


def test_the_angle_shrinks_with_knowledge(informed: Values) -> None:
    for metric in ("rotation_degrees_mean", "rotation_degrees_median"):
        assert informed[WHOLE][metric].value < 0.6 * informed[WHOLE][metric].floor


@pytest.mark.parametrize("metric", [m for m in METRICS if m.startswith(("rotation_r2", "colour_r2", "top"))])
def test_without_knowledge_a_probe_is_at_its_floor(blank: Values, metric: str) -> None:
    entry = blank[WHOLE][metric]
    assert entry.value == pytest.approx(entry.floor, abs=0.04)


@pytest.mark.parametrize("protocol", [PROTOCOL, RELEASED], ids=["strict", "released"])
def test_the_floors_are_those_of_constant_answers(protocol: protocols.Protocol) -> None:
    train, val = splits(True)
    context = context_of(train, val, protocol)
    seen, _ = train.pairs_of(context.training_objects, ROUNDS)
    rows, _ = val.all_pairs()
    of = matrices if protocol.rotation == "matrix" else quaternions
    targets = of(val, rows)
    constant = np.broadcast_to(of(train, seen).mean(0), targets.shape)
    entries = run(context)[WHOLE]
    assert entries["rotation_r2_pooled"].floor == pytest.approx(r2_pooled(targets, constant))
    assert entries["rotation_r2_mean"].floor == pytest.approx(r2_mean(targets, constant))
    hues, train_hues = (
        np.concatenate([moved(context, split, rows_, name) for name in COLOUR], axis=1)
        for split, rows_ in ((val, rows), (train, seen))
    )
    assert entries["colour_r2_mean"].floor == pytest.approx(
        r2_mean(hues, np.broadcast_to(train_hues.mean(0), hues.shape))
    )
    assert entries["top1"].floor == pytest.approx(0.25)  # four classes of equal size
    truth, mean = quaternions(val, rows), quaternions(train, seen).mean(0)
    assert (
        entries["rotation_degrees_mean"].floor <= geodesic_degrees(truth, np.broadcast_to(mean, truth.shape)).mean() + 5
    )


def test_targets_are_the_released_ones() -> None:
    _, val = splits(True)
    rows, objects = val.all_pairs()
    assert (rows // val.views == objects[:, None]).all() and (rows[:, 0] != rows[:, 1]).all()
    released = quaternions(val, rows)
    assert 0 < (released[:, 3] < 0).mean() < 0.1  # under this law about 4.3 % have w < 0
    differences = moved(context_of(val, val, RELEASED), val, rows, "floor_hue")
    assert differences.shape == (len(rows), 1) and (np.abs(differences) < 1).all() and (np.abs(differences) > 0.5).any()


def test_strict_targets_have_neither_sign_nor_seam() -> None:
    _, val = splits(True)
    rows, _ = val.all_pairs()
    numbers = matrices(val, rows)
    np.testing.assert_allclose(
        numbers, Rotation.from_quat(quaternions(val, rows)).as_matrix().reshape(-1, 9), atol=1e-12
    )
    np.testing.assert_allclose(
        numbers, Rotation.from_quat(-quaternions(val, rows)).as_matrix().reshape(-1, 9), atol=1e-12
    )
    context = context_of(val, val)
    around = replace(
        val, latents={**val.latents, "floor_hue": val.latents["floor_hue"] + np.arange(len(val.labels)) % 3}
    )
    change, turned = moved(context, val, rows, "floor_hue"), moved(context, around, rows, "floor_hue")
    assert change.shape == (len(rows), 2)
    np.testing.assert_allclose(change, turned, atol=1e-9)  # full turns are not a change
    step = val.latents["floor_hue"][rows[:, 1]] - val.latents["floor_hue"][rows[:, 0]]
    np.testing.assert_allclose(change, np.stack([np.sin(2 * np.pi * step), np.cos(2 * np.pi * step)], axis=1))


def test_parts_are_probed_apart() -> None:
    train, val = splits(True)
    parts = {WHOLE: slice(0, 9), "pose": slice(0, 3), "class": slice(5, 9)}
    values = run(context_of(train, val, PROTOCOL, parts=parts))
    assert list(values) == list(parts)
    assert values["class"]["top1"].value > 0.95 and values["pose"]["top1"].value < 0.5
    assert values["pose"]["rotation_r2_mean"].value > 0.4 and values["class"]["rotation_r2_mean"].value < 0.1


def test_a_dataset_without_a_factor_is_not_asked_for_it() -> None:
    train, val = (
        replace(s, latents={n: v for n, v in s.latents.items() if n not in ("light_hue", "rot_x")})
        for s in (random_split(20, 4), random_split(8, 4, seed=1))
    )
    metrics = set(run(context_of(train, val))[WHOLE])
    assert {"top1", "knn_top1", "floor_hue_r2", "share_floor_hue"} <= metrics
    assert not {"rotation_r2_mean", "colour_r2_mean", "light_hue_r2", "share_rotation", "share_light_hue"} & metrics


def test_classes_of_val_that_train_has_not_count_as_wrong() -> None:
    classes = np.array([2, 5, 9])
    assert class_indices(classes, np.array([9, 2, 3, 11, 5])).tolist() == [2, 0, -1, -1, 1]


def test_every_probe_gives_metrics_that_are_described(informed: Values) -> None:
    assert {"heads", "prediction"} <= set(PROBES) and tuple(TASKS) == protocols.HEADS
    assert informed[WHOLE].keys() <= METRICS.keys()


def test_progress_counts_every_epoch() -> None:
    context = context_of(random_split(20, 4), random_split(8, 4, seed=1), parts={"a": slice(0, 2), "b": slice(2, 9)})
    run(context)
    assert context.meter.done == steps(SMALL, 2) == 2 * 3 * LINEAR.epochs
