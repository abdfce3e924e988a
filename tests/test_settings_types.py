"""Every file of settings or facts, with values of other types at every path: read, or refused in one sentence.

dataset.json is tested in test_dataset_types.py.
"""

import json
import shutil
import socket
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from mutation import refusals
from scoring import measured, score_of, untrained_run

from iebench.benchmark import protocol
from iebench.benchmark.released import converted
from iebench.benchmark.results import orbits as orbit_file
from iebench.benchmark.results.reading import load_score
from iebench.benchmark.sweep.plan import load as load_sweep
from iebench.benchmark.training import runs
from iebench.benchmark.training.config import RunConfig, resolve
from iebench.manifests import recipe
from iebench.manifests.common.lock import named
from iebench.manifests.common.settings import read_toml
from iebench.manifests.dataset import PLAN
from iebench.renderer.importing.audit import AUDIT, Audit
from iebench.renderer.output import cloud
from iebench.renderer.output.claim import claim
from iebench.renderer.output.shards import OUTCOMES, read_shard, shard_notes
from iebench.renderer.output.store import LocalStore
from iebench.renderer.plan import Plan

RENDERER = {"name": "fake", "version": "1", "device": "CPU"}


def inline(value: Any) -> str:
    """Return a value in TOML's inline form; null, which TOML lacks, becomes an empty text."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {inline(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(inline, value)) + "]"
    return '""' if value is None else repr(value) if isinstance(value, float) else json.dumps(value)


def toml(path: Path, table: Any) -> str:
    """Write a table as TOML, or anything else as an invalid file; return the path."""
    lines = (
        [f"{json.dumps(key)} = {inline(value)}\n" for key, value in table.items()] if isinstance(table, dict) else []
    )
    path.write_text("".join(lines) or "no = table = at all")
    return str(path)


def as_json(path: Path, table: Any) -> Path:
    path.write_text(json.dumps(table))
    return path


@pytest.mark.parametrize(
    ("kind", "name", "read", "step"),
    [
        ("recipe", "3diebench", recipe.load, 7),
        ("recipe", "3diebench-t", recipe.load, 2),
        ("protocol", "converged", protocol.load, 5),
        ("protocol", "released", protocol.load, 5),
        ("preset", "quick", lambda name: resolve("sie", name, []), 11),
        ("preset", "fair", lambda name: resolve("byol", name, []), 11),
        ("sweep", "results", load_sweep, 1),
    ],
)
@pytest.mark.slow
def test_a_toml_file(tmp_path: Path, kind: str, name: str, read: Callable[[str], object], step: int) -> None:
    table = read_toml(Path(str(files(f"iebench.manifests.{kind}s") / f"{name}.toml")))
    numbers = iter(range(1_000_000))  # file numbers: a recipe of the same path is read only once
    messages = refusals(table, lambda variant: read(toml(tmp_path / f"{next(numbers)}.toml", variant)), step)
    assert len(messages) > 20


@pytest.mark.slow
def test_a_run_s_settings(tiny_dataset: Path, tmp_path: Path) -> None:
    run = untrained_run(tmp_path / "run", tiny_dataset)
    table = json.loads((run / "config.json").read_text())
    assert refusals(table, lambda variant: RunConfig.read(as_json(run / "config.json", variant)), 7)
    method = {**table, "settings": {"steps": 1, "encoder": table["settings"]["encoder"]}}
    assert refusals(method, lambda variant: runs.load(as_json(run / "config.json", variant).parent), 7)


@pytest.mark.slow
def test_a_score(tmp_path: Path) -> None:
    score = score_of("sie", {"whole": {"top1": measured(0.5), "rotation_r2": measured(0.1)}})
    score.save(tmp_path / "score.json")
    table = json.loads((tmp_path / "score.json").read_text())
    assert refusals(table, lambda variant: load_score(as_json(tmp_path / "score.json", variant)), 3)


def test_a_file_of_orbits(tmp_path: Path) -> None:
    curve = {name: [0.1, 0.2] for name in ("mean", "low", "high", "worst")}
    facts = {"name": "x", "weights": "w", "dataset": "d", "factor": "rot_x", "unit": "rad", "limit": None}
    parts = {"whole": dict.fromkeys(orbit_file.CURVES, curve)}
    table = {"format": 1, **facts, "places": [0.0, 1.0], "parts": parts}
    assert refusals(table, lambda variant: orbit_file.read(as_json(tmp_path / orbit_file.NAME, variant).parent), 2)


def test_a_converted_encoder(tmp_path: Path) -> None:
    table = {
        "format": 1, "method": "sie", "method_settings": {"projector": [8]}, "resolution": 64,
        "encoder": {"width": 1.0, "stem": "imagenet", "backbone": "resnet18"},
    }  # fmt: skip
    (tmp_path / converted.WEIGHTS).write_bytes(b"")
    assert refusals(table, lambda variant: converted.load(as_json(tmp_path / converted.FACTS, variant).parent), 3)


@pytest.fixture
def dataset(tiny_dataset: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_dataset, tmp_path / "tiny"))


def test_a_plan(dataset: Path, tiny_plan: Callable[..., Plan]) -> None:
    table = json.loads((dataset / PLAN).read_text())
    del table["recipe"]["scene"], table["recipe"]["quality"]

    def read(variant: Any) -> None:
        as_json(dataset / PLAN, variant)
        claim(LocalStore(dataset), tiny_plan(), RENDERER)

    assert refusals(table, read, 7)


@pytest.mark.slow
def test_the_notes_of_a_shard(dataset: Path, tiny_plan: Callable[..., Plan]) -> None:
    plan, path = tiny_plan(), dataset / "val/00000.parquet"
    shard = next(shard for shard in plan.shards() if shard.split == "val")
    table = pq.read_table(path, partitioning=None)
    notes = json.loads(table.schema.metadata[OUTCOMES])

    def read(variant: Any) -> None:
        pq.write_table(table.replace_schema_metadata({OUTCOMES: json.dumps(variant)}), path)
        shard_notes(LocalStore(dataset), plan.recipe, shard)
        read_shard(LocalStore(dataset), shard)

    assert refusals(notes, read, 3)


def test_an_audit(imported: Path, tmp_path: Path) -> None:
    table = json.loads((imported / AUDIT).read_text())
    messages = refusals(table, lambda variant: Audit.load(as_json(tmp_path / AUDIT, variant).parent), 3)
    assert len(messages) > 100


def test_what_a_lock_says() -> None:
    table = {"pid": 1, "host": socket.gethostname(), "run": "x", "beat": 1}
    assert not refusals(table, lambda variant: (named(json.dumps(variant)), cloud._gone(json.dumps(variant))))
