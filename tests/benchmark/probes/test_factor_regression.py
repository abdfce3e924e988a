"""Translations: an object's motion along its own axes and along the world's, from features that hold exactly that."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from scoring import ANGLES, SMALL, context_of, from_run, random_split, untrained_run

from iebench.benchmark import protocol as protocols
from iebench.benchmark.fitting.context import Split
from iebench.benchmark.metrics import METRICS
from iebench.benchmark.metrics.targets import POSITION
from iebench.benchmark.probes.factor_regression import moved, position_in_world
from iebench.benchmark.protocol import Head
from iebench.benchmark.scoring.probing import run
from iebench.benchmark.scoring.score import score
from iebench.manifests.recipe import load
from iebench.renderer.blender.interface import FAKE
from iebench.renderer.plan import Plan
from iebench.renderer.rendering.render import render_dataset

KEEN = Head(hidden=(), epochs=60, batch=16, lr=(1e-2,), weight_decay=(0.0,), schedule="linear")
EQUICAPS = replace(
    protocols.load("equicaps"), heads={"translation_object": KEEN, "translation_base": KEEN}, val_pairs=4, draws=50
)


def translated(objects: int, seed: int, frame: str) -> Split:
    """Features equal to the translation in one of the two frames."""
    bare = random_split(objects, 5, seed=seed, rounds=60)
    generator = np.random.default_rng(100 + seed)
    places = {name: generator.uniform(-0.5, 0.5, objects * 5) for name in POSITION}
    split = replace(bare, latents={**bare.latents, **places})
    rows = np.arange(objects * 5)
    held = split.columns(POSITION, rows) if frame == "object" else position_in_world(split, rows)
    return replace(split, features=held.astype(np.float32))


def test_moves_are_those_of_the_vertices_in_either_frame() -> None:
    """Compares with a vertex p that is sent to Rz Ry Rx (p + t), entry by entry."""
    split = translated(3, 0, "object")
    rows, _ = split.all_pairs()
    ends = []
    for row in range(len(split.features)):
        a, b, c = (split.latents[name][row] for name in ANGLES)
        x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
        y = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
        z = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
        ends.append(z @ y @ x @ [split.latents[name][row] for name in POSITION])
    context = context_of(split, split)
    expected = {"translation_base": np.array(ends), "translation_object": split.features.astype(np.float64)}
    for factor, places in expected.items():
        np.testing.assert_allclose(
            moved(context, split, rows, factor), places[rows[:, 1]] - places[rows[:, 0]], atol=1e-7
        )


@pytest.mark.parametrize(("frame", "other"), [("object", "base"), ("base", "object")])
@pytest.mark.slow
def test_each_head_reads_its_own_frame(frame: str, other: str) -> None:
    context = context_of(translated(60, 0, frame), translated(12, 1, frame), EQUICAPS)
    entries = run(context)["whole"]
    read, unread = entries[f"translation_{frame}_r2"], entries[f"translation_{other}_r2"]
    assert read.value > 0.99 and unread.value < 0.9 and abs(read.floor) < 0.05
    assert read.ceiling == 1.0


@pytest.mark.slow
def test_a_translated_dataset_is_scored_in_both_frames(tiny_plan: Callable[..., Plan], tmp_path: Path) -> None:
    plan = replace(tiny_plan(views=4), recipe=replace(load("3diebench-t"), views=4, resolution=32))
    render_dataset(plan, tmp_path / "moved", workers=1, backend=FAKE)
    encoder = from_run(untrained_run(tmp_path / "run", tmp_path / "moved"), None, torch.device("cpu"))
    scored = score(encoder, tmp_path / "moved", tmp_path / "features", torch.device("cpu"), EQUICAPS)
    for part in ("whole", "invariant", "equivariant"):
        assert {f"{name}_r2" for name in EQUICAPS.heads} <= scored.values[part].keys() <= METRICS.keys()
    strict = score(encoder, tmp_path / "moved", tmp_path / "features", torch.device("cpu"), SMALL)
    assert {"translation_object_r2", "share_translation_object"} <= strict.values["whole"].keys()
