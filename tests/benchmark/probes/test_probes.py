"""The probes on features that hold everything, and on features that hold nothing."""

from dataclasses import replace

import numpy as np
import pytest
from scoring import SMALL, context_of, random_split

from iebench.benchmark.measures import MEASURES, WHOLE
from iebench.benchmark.metrics import r2_mean, r2_pooled
from iebench.benchmark.probes import PROBES, epochs, run
from iebench.benchmark.probes.classification import place
from iebench.benchmark.probes.colour import differences
from iebench.benchmark.probes.context import Split, Values
from iebench.benchmark.probes.rotation import quaternions
from iebench.benchmark.protocol import Protocol, Training
from iebench.manifests.conventions import geodesic_degrees

KEEN = Training(epochs=40, lr=3e-3, batch=64, weight_decay=0.0)
PROTOCOL = replace(SMALL, classification=KEEN, rotation=KEEN, colour=KEEN, hidden=(64, 64))


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
    ("top1", 0.95), ("top5", 1.0), ("rotation_r2_mean", 0.5), ("rotation_r2_pooled", 0.6), ("colour_r2_mean", 0.9),
    ("colour_r2_pooled", 0.9),
])  # fmt: skip
def test_what_the_features_hold_is_found(informed: Values, metric: str, atleast: float) -> None:
    found = informed[WHOLE][metric]
    assert found.value >= atleast and found.low <= found.value <= found.high
    assert found.value > found.floor or metric == "top5"


def test_the_angle_shrinks_with_knowledge(informed: Values) -> None:
    for metric in ("rotation_degrees_mean", "rotation_degrees_median"):
        assert informed[WHOLE][metric].value < 0.6 * informed[WHOLE][metric].floor


@pytest.mark.parametrize("metric", [m for m in MEASURES if m.startswith(("rotation_r2", "colour", "top"))])
def test_without_knowledge_a_probe_is_at_its_floor(blank: Values, metric: str) -> None:
    found = blank[WHOLE][metric]
    assert found.value == pytest.approx(found.floor, abs=0.04)


def test_the_floors_are_those_of_constant_answers(informed: Values) -> None:
    train, val = splits(True)
    (seen, _), (rows, _) = train.all_pairs(), val.all_pairs()
    targets = quaternions(val, rows)
    constant = np.broadcast_to(quaternions(train, seen).mean(0), targets.shape)
    found = informed[WHOLE]
    assert found["rotation_r2_pooled"].floor == pytest.approx(r2_pooled(targets, constant))
    assert found["rotation_r2_mean"].floor == pytest.approx(r2_mean(targets, constant))
    hues = differences(val, rows)
    mean = np.broadcast_to(differences(train, seen).mean(0), hues.shape)
    assert found["colour_r2_mean"].floor == pytest.approx(r2_mean(hues, mean))
    assert found["top1"].floor == pytest.approx(0.25)  # four classes of equal size
    assert found["rotation_degrees_mean"].floor <= geodesic_degrees(targets, constant).mean() + 5


def test_targets_are_the_released_ones() -> None:
    _, val = splits(True)
    rows, objects = val.all_pairs()
    assert (rows // val.views == objects[:, None]).all() and (rows[:, 0] != rows[:, 1]).all()
    released = quaternions(val, rows)
    assert 0 < (released[:, 3] < 0).mean() < 0.1  # facts of the law: about 4.3 % have w < 0
    assert (np.abs(differences(val, rows)) < 1).all()


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
    assert set(run(context_of(train, val))[WHOLE]) == {"top1", "top5"}


def test_classes_of_val_that_train_has_not_count_as_wrong() -> None:
    classes = np.array([2, 5, 9])
    assert place(classes, np.array([9, 2, 3, 11, 5])).tolist() == [2, 0, -1, -1, 1]


def test_every_probe_gives_metrics_that_are_described(informed: Values) -> None:
    assert set(PROBES) == {"classification", "rotation", "colour", "prediction"}
    assert informed[WHOLE].keys() <= MEASURES.keys()


def test_progress_counts_every_epoch() -> None:
    context = context_of(random_split(20, 4), random_split(8, 4, seed=1), parts={"a": slice(0, 2), "b": slice(2, 9)})
    run(context)
    assert context.meter.done == epochs(SMALL, 2)
    assert epochs(Protocol(), 1) == sum(t.epochs for t in (Protocol().classification, Protocol().rotation)) + (
        Protocol().colour.epochs
    )
