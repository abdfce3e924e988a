"""Trainings that are refused or stopped, each with a message that names the cause."""

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from small_runs import config

from iebench.baselines import action
from iebench.baselines.errors import LatentMissing
from iebench.benchmark.errors import DatasetError, Diverged, RunError, RunExists, SettingError
from iebench.benchmark.training import optimizer as optimize
from iebench.benchmark.training import runs
from iebench.benchmark.training.checkpoint import CHECKPOINT
from iebench.benchmark.training.checks import check_fit
from iebench.benchmark.training.train import train
from iebench.renderer.blender.interface import FAKE
from iebench.renderer.plan import Plan
from iebench.renderer.rendering.render import render_dataset

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_thread")]


def test_a_folder_that_holds_a_run(whole: Path, tiny_dataset: Path) -> None:
    with pytest.raises(RunExists, match="holds a finished run: add --resume"):
        train(whole, config(tiny_dataset))
    with pytest.raises(RunExists, match=r"other settings \(seed: 0 there, 3 here\)"):
        train(whole, config(tiny_dataset, seed=3), resume=True)


def test_a_folder_that_holds_something_else(tiny_dataset: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("words")
    with pytest.raises(RunExists, match="is not empty and holds no run"):
        train(tmp_path, config(tiny_dataset), resume=True)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_more_views_than_there_are(tiny_dataset: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="has 6 views of each object and views=7 needs more"):
        train(tmp_path / "run", config(tiny_dataset, "views=7"))
    assert not (tmp_path / "run").exists()


def test_one_view_of_each_object(tiny_plan: Callable[..., Plan], tmp_path: Path) -> None:
    render_dataset(tiny_plan(classes="2", views=1), tmp_path / "data", workers=1, backend=FAKE)
    with pytest.raises(DatasetError, match="one view of each object and training compares two: render it with --views"):
        train(tmp_path / "run", config(tmp_path / "data"))


def test_a_damaged_image_stops_the_run_and_is_named(tiny_dataset: Path, tmp_path: Path) -> None:
    data = Path(shutil.copytree(tiny_dataset, tmp_path / "data"))
    tar = data / "train" / "00000.tar"
    tar.write_bytes(tar.read_bytes().replace(b"\xff\xd9", b"\xff\xd8"))  # no JPEG has its end marker any more
    with pytest.raises(
        DatasetError, match=r"train/00000\.tar is damaged: the image at byte \d+ does not have the SHA-"
    ):
        train(tmp_path / "run", config(data))
    assert not (tmp_path / "run" / runs.WEIGHTS).exists()


def test_fewer_views_than_the_method_compares(tiny_dataset: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=r"compares 3 views of an object and views=2 .* --set views=3"):
        train(tmp_path / "run", config(tiny_dataset, "views=2", method="vicreg-traj"))
    assert config(tiny_dataset, method="vicreg-traj").settings.views == 3  # if no number of steps is given


def test_a_latent_that_the_dataset_lacks(tiny_dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(action.DIFFERENCES, "rotation", ("scale",))
    with pytest.raises(LatentMissing, match="has no column scale, which SIE is conditioned on"):
        train(tmp_path / "run", config(tiny_dataset))


def test_a_method_told_of_all_latents_names_the_one_that_is_missing_and_the_way_out(
    tiny_dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(action.DIFFERENCES, "rotation-colour", ("floor_hue", "lamp_hue"))
    with pytest.raises(LatentMissing, match=r"no column lamp_hue, .* or with --set method\.action=rotation"):
        train(tmp_path / "run", config(tiny_dataset, method="sie-rotation-colour"))


def test_a_translation_that_the_dataset_lacks_names_a_recipe_and_the_setting(
    tiny_dataset: Path, tmp_path: Path
) -> None:
    rigid = config(tiny_dataset, "method.pose=4", "method.translation=base", "method.side=1", method="equicaps")
    with pytest.raises(
        LatentMissing,
        match=r"no column trans_x, .*, such as 3diebench-t, or with --set method\.translation=none, or train",
    ):
        train(tmp_path / "run", rigid)


def test_a_loss_that_explodes(tiny_dataset: Path, tmp_path: Path) -> None:
    with pytest.raises(Diverged, match=r"the loss is (nan|inf) at step \d+; .*: lower learning_rate"):
        train(tmp_path / "run", config(tiny_dataset, "learning_rate=1e30"))


@pytest.mark.parametrize(("steps", "kept"), [(1, None), (5, 4)])
def test_weights_that_explode_at_the_last_step(
    steps: int, kept: int | None, tiny_dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rate = optimize.rate
    monkeypatch.setattr(optimize, "rate", lambda step, of, settings: 1e30 if step == of else rate(step, of, settings))
    with pytest.raises(Diverged, match=rf"tensors of weights are not finite after step {steps}, .*lower learning_rate"):
        train(tmp_path / "run", config(tiny_dataset, f"steps={steps}"))
    assert not (tmp_path / "run" / runs.WEIGHTS).exists() and (tmp_path / "run" / CHECKPOINT).exists() == bool(kept)
    if kept:
        state = torch.load(tmp_path / "run" / CHECKPOINT, weights_only=True)
        assert state["progress"]["step"] == kept and all(map(finite, state["method"].values()))


def finite(value: torch.Tensor) -> bool:
    return bool(value.isfinite().all())


def test_a_run_that_another_process_trains(
    whole: Path, tiny_dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Path(shutil.copytree(whole, tmp_path / "run"))
    with runs.held(run), pytest.raises(RunError, match=rf"run is being trained by process {os.getpid()} on"):
        train(run, config(tiny_dataset, "steps=12"), resume=True)
    assert runs.load(run)[1].settings.steps == 10
    fresh, check = tmp_path / "fresh", check_fit

    def in_the_meantime(*arguments: Any) -> None:
        shutil.copytree(whole, fresh)
        check(*arguments)

    monkeypatch.setattr(sys.modules[train.__module__], "check_fit", in_the_meantime)
    with pytest.raises(RunExists, match="fresh holds a finished run: add --resume"):
        train(fresh, config(tiny_dataset))


def test_a_damaged_log_is_said_before_anything_is_changed(whole: Path, tiny_dataset: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(whole, tmp_path / "run"))
    (run / "metrics.jsonl").write_text('{"stp": 1}\n')
    with pytest.raises(RunError, match=r"metrics\.jsonl is damaged \(line 1: it has no step\)"):
        train(run, config(tiny_dataset, "steps=12"), resume=True)
    assert runs.load(run)[1].settings.steps == 10
