"""Training: the files of a run, exact resume, stopping, and refusals."""

import json
import math
import os
import shutil
import signal
import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
import torch

from iebench.baselines import action
from iebench.baselines.action import LABEL
from iebench.baselines.errors import LatentMissing
from iebench.baselines.method import names
from iebench.baselines.methods.sie import SIE
from iebench.benchmark.data.batches import Batch, Batches
from iebench.benchmark.errors import DatasetError, Diverged, Requeue, RunError, RunExists, SettingError, Stopped
from iebench.benchmark.training import optimizer as optimize
from iebench.benchmark.training import runs
from iebench.benchmark.training.checkpoint import CHECKPOINT
from iebench.benchmark.training.checks import check_fit
from iebench.benchmark.training.config import RunConfig, resolve
from iebench.benchmark.training.log import TIMES, read
from iebench.benchmark.training.train import train
from iebench.manifests.dataset import DatasetInfo
from iebench.renderer.blender.interface import FAKE
from iebench.renderer.plan import Plan
from iebench.renderer.rendering.render import render_dataset

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_thread")]
SMALL = [
    "batch=8", "resolution=16", "encoder.width=0.125", "encoder.stem=small", "steps=10", "learning_rate=1e-3",
    "log_every=1", "checkpoint_every=4",
]  # fmt: skip
PROJECTOR = ["method.projector=[16, 16]"]
HEAD = ["method.hidden=[16]"]
CAPSULES = ["method.capsules=4", "method.side=1"]
OWN = {"random": [], "equicaps": CAPSULES, "supervised": HEAD, "supervised-class": HEAD, "supervised-rotation": HEAD}


def config(data: Path, *assignments: str, method: str = "sie", seed: int = 0) -> RunConfig:
    settings, own = resolve(method, "quick", [*SMALL, *OWN.get(method, PROJECTOR), *assignments])
    info = DatasetInfo.load(data)
    return RunConfig(method, asdict(own), settings, data, info.fingerprint, settings.side(32), seed, "cpu", {})


def losses(run: Path) -> list[dict[str, float]]:
    """Return the log without its time columns."""
    return [{name: value for name, value in line.items() if name not in TIMES} for line in list(read(run))]


def assert_same_end(one: Path, other: Path) -> None:
    """Check that weights, optimizer and random generators are bit-equal, and logs equal."""
    states = [torch.load(run / CHECKPOINT, weights_only=True) for run in (one, other)]
    for part in ("method", "optimizer", "generators"):
        torch.testing.assert_close(states[0][part], states[1][part], rtol=0, atol=0)
    assert losses(one) == losses(other)
    assert (one / runs.WEIGHTS).read_bytes() == (other / runs.WEIGHTS).read_bytes()


@pytest.fixture(scope="module")
def whole(tiny_dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten steps of SIE without interruption."""
    run = tmp_path_factory.mktemp("runs") / "whole"
    train(run, config(tiny_dataset))
    return run


def test_a_run_leaves_its_settings_log_and_weights(whole: Path, tiny_dataset: Path) -> None:
    assert {"config.json", "metrics.jsonl", "tensorboard", CHECKPOINT, runs.WEIGHTS} == {
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


def test_ten_steps_are_five_and_five(whole: Path, tiny_dataset: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    train(run, config(tiny_dataset, "steps=5"))
    torch.manual_seed(99)  # for any initial state of the next process
    train(run, config(tiny_dataset), resume=True)
    assert_same_end(run, whole)


def test_a_run_from_before_passes_could_be_set_goes_on_as_it_was_trained(tiny_dataset: Path, tmp_path: Path) -> None:
    whole, run = tmp_path / "whole", tmp_path / "run"
    train(whole, config(tiny_dataset, "passes=together"))
    train(run, config(tiny_dataset, "passes=together", "steps=5"))
    table = json.loads((run / "config.json").read_text())
    del table["settings"]["passes"]
    (run / "config.json").write_text(json.dumps(table))
    shutil.copytree(run, tmp_path / "other")
    assert RunConfig.load(run).settings.passes == "together"
    again = config(tiny_dataset, "passes=apart")
    with pytest.raises(RunExists, match=r"other settings \(passes: together there, apart here\)"):
        train(tmp_path / "other", again.going_on(run, ["passes=apart"]), resume=True)
    train(run, again.going_on(run, ["batch=8"]), resume=True)  # the same command, with another default
    assert_same_end(run, whole)
    assert again.going_on(whole, []) == again == again.going_on(tmp_path / "none", [])  # one that names it, and none


def test_a_checkpoint_of_another_run_is_not_gone_on_from(whole: Path, tiny_dataset: Path, tmp_path: Path) -> None:
    run, mine = tmp_path / "run", config(tiny_dataset, "keep_every=3", seed=3)
    train(run, config(tiny_dataset, "steps=5", "keep_every=3", seed=3))
    shutil.copy(whole / CHECKPOINT, run / CHECKPOINT)
    words = r"cannot continue from .*checkpoint\.pt \(it is of another run: seed: 0 there, 3 here\): copy .*step-"
    with pytest.raises(RunError, match=words):
        train(run, mine, resume=True)
    old = torch.load(whole / CHECKPOINT, weights_only=True)
    assert old.pop("identity")["seed"] == 0
    torch.save(old, run / CHECKPOINT)  # from before checkpoints stored their run
    train(run, mine, resume=True)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 75), (signal.SIGUSR1, 75), (signal.SIGINT, 130)])
def test_a_signal_saves_and_the_same_command_goes_on(
    number: int, code: int, whole: Path, tiny_dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, make = tmp_path / "run", Batches.make

    def make_and_signal(self: Batches, step: int) -> Batch:
        if step == 6:
            os.kill(os.getpid(), number)
        return make(self, step)

    with monkeypatch.context() as patch:
        patch.setattr(Batches, "make", make_and_signal)
        with pytest.raises(Stopped, match=r"stopped after step \d of 10 and saved: .* --resume") as stop:
            train(run, config(tiny_dataset))
    assert stop.value.exit_code == code
    with pytest.raises(RunError, match="not finished: run the same `iebench train` with --resume"):
        runs.load(run)
    train(run, config(tiny_dataset), resume=True)
    assert_same_end(run, whole)


def test_a_crash_between_checkpoints_loses_only_the_steps_since(
    whole: Path, tiny_dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, make = tmp_path / "run", Batches.make

    def make_or_die(self: Batches, step: int) -> Batch:
        if step == 6:
            raise OSError("power cut")
        return make(self, step)

    with monkeypatch.context() as patch:
        patch.setattr(Batches, "make", make_or_die)
        with pytest.raises(OSError, match="power cut"):
            train(run, config(tiny_dataset))
    assert torch.load(run / CHECKPOINT, weights_only=True)["progress"]["step"] == 4
    train(run, config(tiny_dataset), resume=True)
    assert_same_end(run, whole)


@pytest.mark.parametrize("method", ["byol", "conditional-byol"])
def test_a_target_network_survives_a_crash(
    method: str, tiny_dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = Batches.make

    def make_or_die(self: Batches, step: int) -> Batch:
        if step == 6:
            raise OSError("power cut")
        return make(self, step)

    train(tmp_path / "whole", config(tiny_dataset, method=method))
    with monkeypatch.context() as patch:
        patch.setattr(Batches, "make", make_or_die)
        with pytest.raises(OSError, match="power cut"):
            train(tmp_path / "run", config(tiny_dataset, method=method))
    torch.manual_seed(99)
    train(tmp_path / "run", config(tiny_dataset, method=method), resume=True)
    assert_same_end(tmp_path / "run", tmp_path / "whole")
    trained = runs.load(tmp_path / "run")[0]
    target, online = next(trained.target.parameters()), next(trained.encoder.parameters())
    assert not torch.equal(target, online) and not target.requires_grad


def test_a_run_whose_steps_depend_on_its_length_keeps_it(tiny_dataset: Path, tmp_path: Path) -> None:
    train(tmp_path / "run", config(tiny_dataset, "steps=2", method="byol"))
    with pytest.raises(RunExists, match="steps: 2 there, 10 here"):
        train(tmp_path / "run", config(tiny_dataset, method="byol"), resume=True)


def test_resuming_a_finished_run_changes_nothing(whole: Path, tiny_dataset: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(whole, tmp_path / "run"))
    before = {path.name: path.stat().st_mtime_ns for path in run.iterdir()}
    train(run, config(tiny_dataset), resume=True)
    assert {path.name: path.stat().st_mtime_ns for path in run.iterdir()} == before


def test_another_seed_is_another_run(whole: Path, tiny_dataset: Path, tmp_path: Path) -> None:
    train(tmp_path / "run", config(tiny_dataset, seed=1))
    assert losses(tmp_path / "run") != losses(whole)


@pytest.mark.parametrize("method", [name for name in names() if name not in ("sie", "byol")])
def test_the_other_methods_run_in_bf16_too(method: str, tiny_dataset: Path, tmp_path: Path) -> None:
    train(tmp_path / "run", config(tiny_dataset, "steps=2", "precision=bf16", method=method))
    steps = 0 if method == "random" else 2
    lines = list(read(tmp_path / "run"))
    assert len(lines) == steps and all(math.isfinite(line["loss"]) for line in lines)
    assert runs.load(tmp_path / "run")[0].dim == 64


def test_three_views_and_bf16(tiny_dataset: Path, tmp_path: Path) -> None:
    train(tmp_path / "run", config(tiny_dataset, "steps=2", "views=3", "precision=bf16"))
    assert len(list(read(tmp_path / "run"))) == 2


# --- refused ------------------------------------------------------------------------------------------------


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


def test_a_subset_is_another_run_and_the_cache_is_not(whole: Path, tiny_dataset: Path, tmp_path: Path) -> None:
    some = replace(config(tiny_dataset, "steps=2"), subset=8)
    train(tmp_path / "run", some)
    assert losses(tmp_path / "run") != losses(whole)[:2]
    with pytest.raises(RunExists, match="subset: 8 there, None here"):
        train(tmp_path / "run", config(tiny_dataset), resume=True)
    assert runs.load(tmp_path / "run")[1].subset == 8
    train(tmp_path / "decoded", config(tiny_dataset), cache="none")
    assert_same_end(tmp_path / "decoded", whole)


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


@pytest.mark.parametrize("method", ["sie", "augself", "supervised", "conditional-byol"])
def test_an_action_of_factor_groups_is_checked_before_the_training_and_kept_with_the_run(
    method: str, tiny_dataset: Path, tmp_path: Path
) -> None:
    def planned(action: str) -> RunConfig:
        widths = HEAD if method == "supervised" else [] if method == "conditional-byol" else PROJECTOR
        changes = [*SMALL, "steps=2", *widths, f"method.action={action}"]
        return RunConfig.of(method, "quick", changes, tiny_dataset, 0, "cpu")

    with pytest.raises(SettingError, match=r"tiny.* has no factor group 'hue' \(it has rotation, floor_hue, light_pos"):
        planned("rotation,hue")
    train(tmp_path / "run", planned("light_position,rotation"))
    trained, loaded = runs.load(tmp_path / "run")
    assert loaded.method_settings["action"] == "light_theta,light_phi:rad,rotation"
    assert planned("light_position,rotation").differences(loaded) == []
    assert set(trained.latents) - {LABEL} == {"light_theta", "light_phi", "rot_x", "rot_y", "rot_z"}


def test_a_loss_that_explodes(tiny_dataset: Path, tmp_path: Path) -> None:
    with pytest.raises(Diverged, match=r"the loss is (nan|inf) at step \d+; .*: lower learning_rate"):
        train(tmp_path / "run", config(tiny_dataset, "learning_rate=1e30"))


@pytest.mark.parametrize("end", [8, 10])
def test_fewer_steps_than_there_are_already(end: int, whole: Path, tiny_dataset: Path, tmp_path: Path) -> None:
    """Tested on a finished run, and on a stopped one whose last checkpoint is of step 8."""
    run, ten = Path(shutil.copytree(whole, tmp_path / "run")), config(tiny_dataset)
    if end == 8:
        (run / runs.WEIGHTS).unlink()
        state = torch.load(run / CHECKPOINT, weights_only=True)
        torch.save({**state, "progress": {"step": 8, "seconds": 1.0}}, run / CHECKPOINT)
    before = {path: path.read_bytes() for path in run.glob("*") if path.is_file()}
    with pytest.raises(RunExists, match=rf"has done {end} steps already and steps=2 is fewer: .* steps={end}, or"):
        train(run, config(tiny_dataset, "steps=2"), resume=True)
    with pytest.raises(RunExists, match=rf"and epochs=1 \(3 steps\) is fewer: .*steps={end}, or"):
        train(run, replace(ten, settings=replace(ten.settings, steps=None, epochs=1)), resume=True)
    assert {path: path.read_bytes() for path in run.glob("*") if path.is_file()} == before


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


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1])
def test_a_queues_signal_before_and_after_the_steps(
    number: int, whole: Path, tiny_dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = sys.modules[train.__module__]

    def signalled(name: str) -> Callable[..., object]:
        work = getattr(module, name)

        def late(*arguments: object) -> object:
            os.kill(os.getpid(), number)
            return work(*arguments)

        return late

    run = tmp_path / "run"
    with monkeypatch.context() as patch:
        patch.setattr(module, "check_fit", signalled("check_fit"))
        with pytest.raises(Requeue, match="stopped before the first step: the same command with --resume continues"):
            train(run, config(tiny_dataset))
    assert not run.exists()
    with monkeypatch.context() as patch:
        patch.setattr(module, "save_weights", signalled("save_weights"))
        with pytest.raises(Requeue, match="stopped after step 10 of 10 and saved"):
            train(run, config(tiny_dataset))
    train(run, config(tiny_dataset), resume=True)
    assert_same_end(run, whole)


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
