"""Training: the files of a run, and what changes its steps."""

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from small_runs import SMALL, assert_same_end, config, losses
from tiny import tiny

from iebench.baselines.action import LABEL
from iebench.baselines.method import names
from iebench.baselines.methods.sie import SIE
from iebench.benchmark.errors import RunExists, SettingError
from iebench.benchmark.training import runs
from iebench.benchmark.training.checkpoint import CHECKPOINT
from iebench.benchmark.training.config import RunConfig
from iebench.benchmark.training.log import read
from iebench.benchmark.training.train import train

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_thread")]


def test_a_run_leaves_its_settings_log_and_weights(whole: Path, tiny_dataset: Path) -> None:
    assert {"config.json", "metrics.csv", "metrics.jsonl", "tensorboard", CHECKPOINT, runs.WEIGHTS} == {
        p.name for p in whole.iterdir()
    }
    lines = list(read(whole))
    assert [line["step"] for line in lines] == list(range(1, 11))
    assert {"loss", "equivariance", "seconds", "images_per_s"} < set(lines[0])
    method, loaded = runs.load(whole)
    assert isinstance(method, SIE) and not method.training and next(method.parameters()).device.type == "cpu"
    assert (loaded.method, loaded.resolution, loaded.seed, loaded.data) == ("sie", 16, 0, tiny_dataset)
    assert method.dim == 64 and method.encoder(torch.rand(2, 3, 16, 16)).shape == (2, 64)


def test_training_lowers_the_loss(tiny_dataset: Path, tmp_path: Path) -> None:
    eager = ("batch=24", "resolution=32", "learning_rate=3e-3")
    train(tmp_path / "run", config(tiny_dataset, "steps=40", *eager, "method.variance=10", method="vicreg"))
    loss = [line["loss"] for line in losses(tmp_path / "run")]
    assert sum(loss[-10:]) / 10 < 0.85 * sum(loss[:5]) / 5


def test_the_weights_move(whole: Path) -> None:
    torch.manual_seed(0)
    method, loaded = runs.load(whole)
    fresh = SIE(type(method.encoder)(loaded.settings.encoder), method.settings)  # type: ignore[call-arg, arg-type]
    moved = [not torch.equal(a, b) for a, b in zip(method.parameters(), fresh.parameters(), strict=True)]
    assert all(moved)


def test_another_seed_is_another_run(whole: Path, tiny_dataset: Path, tmp_path: Path) -> None:
    train(tmp_path / "run", config(tiny_dataset, seed=1))
    assert losses(tmp_path / "run") != losses(whole)


def test_a_subset_is_another_run_and_the_cache_is_not(whole: Path, tiny_dataset: Path, tmp_path: Path) -> None:
    some = replace(config(tiny_dataset, "steps=2"), subset=8)
    train(tmp_path / "run", some)
    assert losses(tmp_path / "run") != losses(whole)[:2]
    with pytest.raises(RunExists, match="subset: 8 there, None here"):
        train(tmp_path / "run", config(tiny_dataset), resume=True)
    assert runs.load(tmp_path / "run")[1].subset == 8
    train(tmp_path / "decoded", config(tiny_dataset), cache="none")
    assert_same_end(tmp_path / "decoded", whole)


@pytest.mark.parametrize("method", [name for name in names() if name not in ("sie", "byol")])
def test_the_other_methods_run_in_bf16_too(method: str, tiny_for: Callable[[str], Path], tmp_path: Path) -> None:
    train(tmp_path / "run", config(tiny_for(method), "steps=2", "precision=bf16", method=method))
    steps = 0 if method == "random" else 2
    lines = list(read(tmp_path / "run"))
    assert len(lines) == steps and all(math.isfinite(line["loss"]) for line in lines)
    assert runs.load(tmp_path / "run")[0].dim == 64


@pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)])
def test_every_device_begins_with_the_loss_of_the_processor(
    device: str, whole: Path, tiny_dataset: Path, tmp_path: Path
) -> None:
    """Weights and batches are those of the seed on every device; a GPU may round products to 10 bits."""
    train(tmp_path / "run", replace(config(tiny_dataset, "steps=2"), device=device))
    assert losses(tmp_path / "run")[0]["loss"] == pytest.approx(losses(whole)[0]["loss"], rel=1e-2)
    assert next(runs.load(tmp_path / "run")[0].parameters()).device.type == "cpu"


def test_three_views_and_bf16(tiny_dataset: Path, tmp_path: Path) -> None:
    train(tmp_path / "run", config(tiny_dataset, "steps=2", "views=3", "precision=bf16"))
    assert len(list(read(tmp_path / "run"))) == 2


@pytest.mark.parametrize("method", ["sie", "augself", "supervised", "conditional-byol"])
def test_an_action_of_factor_groups_is_checked_before_the_training_and_kept_with_the_run(
    method: str, tiny_dataset: Path, tmp_path: Path
) -> None:
    def planned(action: str) -> RunConfig:
        changes = [*SMALL, "steps=2", *tiny(method), f"method.action={action}"]
        return RunConfig.of(method, "quick", changes, tiny_dataset, 0, "cpu")

    with pytest.raises(SettingError, match=r"tiny.* has no factor group 'hue' \(it has rotation, floor_hue, light_pos"):
        planned("rotation,hue")
    train(tmp_path / "run", planned("light_position,rotation"))
    trained, loaded = runs.load(tmp_path / "run")
    assert loaded.method_settings["action"] == "light_theta,light_phi:rad,rotation"
    assert planned("light_position,rotation").differences(loaded) == []
    assert set(trained.latents) - {LABEL} == {"light_theta", "light_phi", "rot_x", "rot_y", "rot_z"}
