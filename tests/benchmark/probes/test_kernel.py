"""Kernel probes find information that is present but not linear, in single views and in pairs."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scoring import context_of, random_split

from iebench.benchmark.fitting.context import Context, Split
from iebench.benchmark.probes.kernel import beside, fourier, kernel
from iebench.benchmark.probes.linear import linear
from iebench.benchmark.probes.rotation import matrices
from iebench.benchmark.protocol import load
from iebench.benchmark.statistics.metric_info import WHOLE

PROTOCOL = replace(load(), draws=50, heads={}, val_pairs=4)
MIXED = np.random.default_rng(3).normal(size=(4, 4))


def bent(split: Split) -> np.ndarray:
    """Features from which both hues can be computed, but not linearly: signed cubes of mixed sines and cosines."""
    angles = 2 * np.pi * np.stack([split.latents["floor_hue"], split.latents["light_hue"]], axis=1)
    straight = np.hstack([np.sin(angles), np.cos(angles)]) @ MIXED
    return (np.sign(straight) * np.abs(straight) ** 3).astype(np.float32)


def hued(objects: int = 120) -> Context:
    train, val = random_split(objects, 6, rounds=8), random_split(40, 6, seed=1, rounds=4)
    made = [replace(split, features=bent(split)) for split in (train, val)]
    return context_of(*made, PROTOCOL, tuning=objects // 8)


def test_what_is_not_linear_is_found() -> None:
    context = hued()
    entries = linear(context)[WHOLE] | kernel(context)[WHOLE]
    for hue in ("floor_hue", "light_hue"):
        assert entries[f"{hue}_r2"].value > max(0.7, entries[f"{hue}_composed_r2"].value + 0.05)
    assert {"floor_hue (view)", "floor_hue", "kernel", "pose (view)", "rotation"} <= context.regularisation[
        WHOLE
    ].keys()


def test_pairs_are_never_worse_than_what_their_views_compose_to() -> None:
    """The features contain the pose: a regression on pairs can neither add nor lose anything."""
    splits = random_split(48, 6, rounds=8), random_split(30, 6, seed=1, rounds=4)
    made = [replace(s, features=matrices(s, np.arange(len(s.labels))[:, None]).astype(np.float32)) for s in splits]
    entries = kernel(context_of(*made, PROTOCOL, tuning=6))[WHOLE]
    assert entries["pose_r2_mean"].value > 0.999 and entries["rotation_r2_mean"].value > 0.999
    assert entries["rotation_degrees_mean"].value < 1.5


def test_what_only_pairs_show_is_found_in_pairs() -> None:
    """Each object shifts its views' hues by its own offset, which cancels in a difference."""
    splits = random_split(200, 6, rounds=16), random_split(40, 6, seed=1, rounds=4)

    def shifted(split: Split) -> Split:
        shift = np.repeat(np.random.default_rng(len(split.labels)).uniform(0, 1, split.objects), split.views)
        angle = 2 * np.pi * (split.latents["floor_hue"] + shift)
        return replace(split, features=np.stack([np.sin(angle), np.cos(angle)], axis=1).astype(np.float32))

    context = context_of(
        *map(shifted, splits), replace(PROTOCOL, kernel=replace(PROTOCOL.kernel, pair_units=256)), tuning=25
    )  # type: ignore[type-var]
    entries = linear(context)[WHOLE] | kernel(context)[WHOLE]
    assert entries["floor_hue_r2"].value > 0.8 and entries["floor_hue_composed_r2"].value < 0.05


def test_the_class_is_found_and_its_penalty_is_noted() -> None:
    context = hued(60)
    coded = [replace(s, features=np.eye(4, dtype=np.float32)[s.labels]) for s in (context.train, context.val)]
    known = context_of(*coded, PROTOCOL, tuning=8)
    assert kernel(known)[WHOLE]["kernel_top1"].value == 1 and known.regularisation[WHOLE]["kernel"].penalty is not None


def test_fourier_features_are_the_seeds_and_approximate_a_gaussian_kernel() -> None:
    context = hued(20)
    lifted, other = (fourier(replace(context, seeds=(seed,)), 30, 20_000) for seed in (0, 1))
    x = torch.from_numpy(np.random.default_rng(0).normal(size=(6, 30)))
    assert torch.equal(lifted(x), fourier(context, 30, 20_000)(x)) and not torch.equal(lifted(x), other(x))
    expected = np.exp(-((x[:, None] - x[None]) ** 2).sum(-1).numpy() * 0.25 / 30 / 2) / 2
    np.testing.assert_allclose((lifted(x) @ lifted(x).T / 20_000).numpy(), expected, atol=0.02)
    assert torch.equal(beside(lifted)(x)[:, :30], x)


def test_the_seed_matters_little() -> None:
    values = [kernel(replace(hued(), seeds=(seed,)))[WHOLE]["floor_hue_r2"].value for seed in (0, 1)]
    assert values[0] == pytest.approx(values[1], abs=0.05) and values[0] != values[1]
