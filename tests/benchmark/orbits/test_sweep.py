"""Orbits: representations with known curves, and the command from a swept dataset to its two files."""

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from scoring import random_split, untrained_run

from iebench.benchmark import measure_orbits
from iebench.benchmark.commands.orbits import orbits as command
from iebench.benchmark.errors import DatasetError, RunError, UsageError
from iebench.benchmark.fitting.context import Split
from iebench.benchmark.orbits.sweep import Orbits, orbits, swept
from iebench.benchmark.results.orbits import CURVES, read
from iebench.benchmark.statistics.bootstrap import Bootstrap
from iebench.benchmark.statistics.metric_info import WHOLE
from iebench.manifests.recipe import load
from iebench.renderer.blender.interface import FAKE
from iebench.renderer.plan import Plan
from iebench.renderer.rendering.render import render_dataset

pytestmark = pytest.mark.slow

RECIPE = load("orbit")


def turning(objects: int, seed: int, knows: bool) -> Split:
    """Split of 72 views that cover a full turn; features are sine, cosine and a code of the class, or noise."""
    bare = random_split(objects, 72, seed=seed)
    angle = np.tile(-np.pi + np.arange(72) * 2 * np.pi / 72, objects)
    code = np.eye(4)[bare.labels]
    features = np.concatenate([np.cos(angle)[:, None], np.sin(angle)[:, None], code if knows else 0 * code], axis=1)
    if not knows:
        features = np.random.default_rng(seed).normal(size=features.shape)
    return replace(bare, features=features.astype(np.float32), latents={"rot_z": angle})


def measured(knows: bool) -> Orbits:
    return orbits(turning(40, 0, knows), turning(12, 1, knows), {WHOLE: slice(0, 6), "turn": slice(0, 2)},
                  swept(RECIPE, Path("data")))  # fmt: skip


def test_what_turns_with_the_view_is_read_off_and_is_least_alike_half_way_round() -> None:
    curves = measured(knows=True).curves
    assert curves[WHOLE]["place_error"].max() < 0.1 and not curves[WHOLE]["class_error"].any()
    angles = measured(knows=True).places
    expected = np.broadcast_to(np.cos(np.radians(angles)), (12, 72))  # the middle of the sweep is 0
    np.testing.assert_allclose(curves["turn"]["similarity"], expected, atol=1e-3)


def test_what_knows_nothing_is_a_quarter_turn_off_and_wrong_three_times_of_four() -> None:
    curves = measured(knows=False).curves[WHOLE]
    assert curves["place_error"].mean() == pytest.approx(90, abs=6)
    assert curves["class_error"].mean() == pytest.approx(0.75, abs=0.06)


def test_the_summary_has_mean_interval_and_worst() -> None:
    values = np.array([[1.0, 2.0, 6.0], [3.0, 2.0, 0.0]])
    table = Orbits("rot_z", "degrees", np.array([0.0, 5, 10]), {WHOLE: dict.fromkeys(CURVES, values)}).as_dict(
        Bootstrap.of(2, 200, 0.95, 0)
    )
    error, similar = (table["parts"][WHOLE][name] for name in ("place_error", "similarity"))
    assert (
        error["mean"] == [2.0, 2.0, 3.0] and error["worst"] == [3.0, 2.0, 6.0] and similar["worst"] == [1.0, 2.0, 0.0]
    )
    assert error["low"] == [1.0, 2.0, 0.0] and error["high"] == [3.0, 2.0, 6.0]
    assert (
        error["worst_place"] == [10.0, 3.0] and error["worst_of_each"][0] == 4.5 and similar["worst_of_each"][0] == 0.5
    )


def test_a_dataset_that_sweeps_nothing_is_refused() -> None:
    with pytest.raises(DatasetError, match="sweeps no factor and an orbit sweeps exactly one"):
        swept(load(), Path("data"))


def test_the_verb_writes_curves_and_a_picture(tiny_plan: Callable[..., Plan], tmp_path: Path) -> None:
    plan = replace(tiny_plan(classes="2", per_class=6, views=6), recipe=replace(RECIPE, views=6, resolution=32))
    render_dataset(plan, tmp_path / "orbit", workers=1, backend=FAKE)
    run = untrained_run(tmp_path / "run", tmp_path / "orbit")
    call = ["--run", str(run), "--data", str(tmp_path / "orbit")]
    planned = CliRunner().invoke(command, [*call, "--dry-run", "--json"], standalone_mode=False)
    assert json.loads(planned.stdout)["writes"] == [str(run / n) for n in ("orbits.json", "orbits.png", "features")]
    assert not (run / "orbits.json").exists() and not (run / "features").exists()
    result = CliRunner().invoke(command, call, standalone_mode=False)
    assert result.exception is None and "place error" in result.output
    table = json.loads((run / "orbits.json").read_text())
    assert table["factor"] == "rot_z" and list(table["parts"]) == ["whole", "invariant", "equivariant"]
    assert (run / "orbits.png").read_bytes().startswith(b"\x89PNG")
    assert read(run) == table and read(tmp_path) is None
    again = measure_orbits(run, tmp_path / "orbit")
    assert again.table == table and list(again.lines()) == result.output.splitlines()[-4:-1]
    written = again.save(tmp_path / "again")
    assert [path.read_bytes() for path in written] == [(run / path.name).read_bytes() for path in written]
    module = measure_orbits(lambda images: images.mean((2, 3)), tmp_path / "orbit", name="mine", limit=2)
    assert (
        (module.name, module.limit) == ("mine", 2)
        and "place error: " in repr(module)
        and module._repr_png_().startswith(b"\x89PNG")
    )
    arguments = ["--run", str(run), "--data", str(tmp_path / "orbit"), "--limit", "2"]
    refused = CliRunner().invoke(command, arguments, standalone_mode=False)
    assert isinstance(
        refused.exception, UsageError
    ) and "orbits.json is of all objects, not of --limit 2: give --out" in (str(refused.exception))
    assert read(run) == table
    for damaged, cause in (
        ({**table, "places": [0.0]}, "unequal length"),
        ({**table, "weights": None}, "does not name its weights"),
        ({**table, "limit": "2"}, "does not name its weights"),
        ({}, "format"),
        ({**table, "parts": {**table["parts"], "other": {"new": {}}}}, "other curves"),
        ({**table, "places": [math.nan, *table["places"][1:]]}, "a value that is not a finite number"),
        ({**table, "places": ["a", *table["places"][1:]]}, "a value that is not a finite number"),
        ({**table, "places": [10**400, *table["places"][1:]]}, "a value that is not a finite number"),
    ):
        (run / "orbits.json").write_text(json.dumps(damaged))
        with pytest.raises(RunError, match=rf"cannot read .*orbits\.json.*{cause}.*: run `iebench orbits` again"):
            read(run)
    (run / "orbits.json").write_text(json.dumps({**table, "format": 9}))
    with pytest.raises(RunError, match="is a file of orbits of format 9, and this iebench reads 1: update iebench"):
        read(run)
