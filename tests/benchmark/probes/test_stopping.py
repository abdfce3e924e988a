"""Heads with patience stop when they have converged, each by itself, and are never worse than a constant."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scoring import context_of, random_split

from iebench.benchmark.measures import MEASURES, WHOLE
from iebench.benchmark.probes.context import Context, Split, epochs
from iebench.benchmark.probes.linear import linear
from iebench.benchmark.probes.rotation import matrices
from iebench.benchmark.probes.stopping import heads
from iebench.benchmark.protocol import Head, load

PATIENT = Head((32,), 40, 64, (3e-3,), (0.1, 10.0), "constant", patience=4)
PROTOCOL = replace(
    load(), draws=100, val_pairs=4, seeds=2, linear=None,
    heads={"classification_mlp": PATIENT, "rotation": PATIENT, "pose": PATIENT, "changes": PATIENT},
)  # fmt: skip


def context(train: Split, val: Split, tuners: int = 12, **changed: Head) -> Context:
    """Over two splits; changed : heads with other settings."""
    return context_of(train, val, replace(PROTOCOL, heads={**PROTOCOL.heads, **changed}), tuners=tuners)


def blank(seed: int, columns: int = 20) -> tuple[Split, Split]:
    """Splits whose features say nothing."""
    splits = random_split(60, 6, seed=0, rounds=20), random_split(30, 6, seed=1, rounds=4)
    return tuple(  # type: ignore[return-value]
        replace(s, features=np.random.default_rng([seed, i]).normal(size=(len(s.labels), columns)).astype(np.float32))
        for i, s in enumerate(splits)
    )


def test_without_knowledge_no_head_is_significantly_below_its_floor() -> None:
    found = heads(context(*blank(0)))[WHOLE]
    assert {"mlp_top1", "rotation_r2_mean", "pose_degrees_mean", "floor_hue_r2", "colour_r2_mean"} <= found.keys()
    for metric, entry in found.items():
        beside = entry.high - entry.floor if MEASURES[metric].higher else entry.floor - entry.low
        assert beside >= -1e-6, (metric, entry)


def test_what_the_features_hold_is_found_and_training_goes_on_until_it_is() -> None:
    train, val = random_split(80, 6, rounds=60), random_split(30, 6, seed=1, rounds=4)
    keen = replace(PATIENT, hidden=(64,), epochs=200, patience=12)
    asked = replace(context(train, val, 20), seeds=(0,))
    asked = replace(asked, protocol=replace(asked.protocol, seeds=1, heads={"pose": keen, "classification_mlp": keen}))
    found = heads(asked)[WHOLE]
    assert found["pose_r2_mean"].value > 0.75 and found["mlp_top1"].value > 0.98
    pose, label = (asked.regularisation[WHOLE][name] for name in ("pose", "classification_mlp"))
    assert pose.steps > 100 and label.steps > 5
    assert (pose.penalty, pose.edge) == (0.1, "weakest")


def test_heads_add_to_the_linear_answers() -> None:
    """What single views hold linearly is found in pairs without learning how rotations and hues compose."""
    train, val = random_split(60, 6, rounds=20), random_split(20, 6, seed=1, rounds=4)
    made = [
        replace(s, features=matrices(s, np.arange(len(s.labels))[:, None]).astype(np.float32)) for s in (train, val)
    ]
    asked = context(*made)
    asked = replace(asked, protocol=replace(asked.protocol, linear=load().linear, heads={"rotation": PATIENT}))
    found = linear(asked)[WHOLE] | heads(asked)[WHOLE]
    assert found["rotation_r2_mean"].value > 0.999 and found["rotation_degrees_mean"].value < 1
    alone = context(*made)
    alone = replace(alone, protocol=replace(alone.protocol, heads={"rotation": PATIENT}))
    assert heads(alone)[WHOLE]["rotation_r2_mean"].value < 0.9


def test_a_training_that_is_cut_short_is_noted() -> None:
    train, val = random_split(60, 6, rounds=20), random_split(20, 6, seed=1, rounds=4)
    short = context(train, val, pose=replace(PATIENT, epochs=4))
    heads(short)
    assert not short.regularisation[WHOLE]["pose"].converged
    assert short.regularisation[WHOLE]["pose"].steps == 4


def test_neighbours_change_nothing() -> None:
    """The answers to a question are the same whatever other questions and parts there are, and how long they take."""
    splits = random_split(60, 6, rounds=20), random_split(20, 6, seed=1, rounds=4)
    together = context(*splits, rotation=replace(PATIENT, epochs=8), changes=replace(PATIENT, batch=16, epochs=2))
    parts = {WHOLE: slice(0, 9), "first": slice(0, 4)}
    alone = replace(together, protocol=replace(PROTOCOL, heads={"pose": PATIENT}), parts=parts)
    one, two = heads(together)[WHOLE], heads(alone)[WHOLE]
    assert two.keys() < one.keys() and all(one[metric] == two[metric] for metric in two)


def test_each_factor_has_heads_of_its_own() -> None:
    """A factor that is easy to find does not make the head overfit one that is hard."""
    splits = random_split(60, 6, rounds=20), random_split(20, 6, seed=1, rounds=4)
    both = context(*splits)
    heads(both)
    assert {"floor_hue", "light_hue"} <= both.regularisation[WHOLE].keys()


def test_without_tuning_objects_a_head_stays_a_constant() -> None:
    found = heads(context(*blank(0), tuners=0))[WHOLE]
    assert found["pose_r2_mean"].value == pytest.approx(found["pose_r2_mean"].floor, abs=1e-6)


def test_progress_counts_what_may_be_trained_and_torchs_generator_is_left_alone() -> None:
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    some = context(*blank(0))
    some = replace(some, protocol=replace(some.protocol, heads={"pose": PATIENT, "rotation": PATIENT}))
    heads(some)
    assert torch.equal(torch.rand(1), expected)
    assert some.meter.done == epochs(some.protocol, 1) == 2 * 3 * PATIENT.epochs
