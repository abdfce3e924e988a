"""`iebench train` on the command line."""

import os
import shutil
import signal
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

import pytest

from iebench.benchmark.training import runs
from iebench.manifests.shell.cli import main

pytestmark = pytest.mark.slow

QUICK = ["--set", "steps=2", "--set", "batch=4", "--set", "encoder.width=0.125", "--set", "method.projector=[8]"]


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as stop:
        main(["train", *arguments])
    return int(stop.value.code or 0)


@pytest.fixture
def workspace(tiny_dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Working folder with one dataset under data/."""
    shutil.copytree(tiny_dataset, tmp_path / "data" / "tiny")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_without_arguments_it_trains_sie_on_the_newest_dataset(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*QUICK) == 0
    assert "iebench score --run runs/sie-tiny-s0" in capsys.readouterr().out
    _, config = runs.load(runs.newest())
    assert config.method == "sie" and config.data == workspace / "data" / "tiny" and config.resolution == 32
    assert run(*QUICK) == 1
    assert "runs/sie-tiny-s0 holds a finished run: add --resume" in capsys.readouterr().err
    assert run(*QUICK, "--resume") == 0


@pytest.mark.usefixtures("workspace")
def test_a_run_is_repeated_from_its_config() -> None:
    assert run(*QUICK, "--method", "vicreg", "--seed", "3") == 0
    assert run("--config", "runs/vicreg-tiny-s3/config.json", "--name", "again") == 0
    original, repeated = (runs.RunConfig.load(Path("runs") / name) for name in ("vicreg-tiny-s3", "again"))
    assert original == repeated
    weights = [(Path("runs") / name / runs.WEIGHTS).read_bytes() for name in ("vicreg-tiny-s3", "again")]
    assert weights[0] == weights[1]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--method", "siee"], 2, "unknown method 'siee'; did you mean sie"),
        (["--preset", "quik"], 2, "unknown preset 'quik'; did you mean quick?"),
        (["--preset", "mine.toml"], 2, "--preset mine.toml: that is a file, give it to --config"),
        (["--preset", "quick", "--config", "mine.toml"], 2, "give --preset or --config, not both"),
        (["--config", "mine.toml"], 2, "no such file: mine.toml"),
        (["--config", "runs"], 2, "--config runs: give a .toml file or a run's config.json"),
        (["--set", "bach=8"], 2, "unknown setting 'bach'; did you mean batch?"),
        (["--data", "nowhere"], 1, "nowhere holds no dataset"),
        (["--set", "batch=8", "--set", "views=9"], 1, "has 6 views of each object and views=9 needs more"),
        ([], 2, "batch=128 is more than the 24 objects of"),
        (["--gpus", "2", "--device", "cpu"], 2, "--gpus 2 does not go with --device cpu"),
        (["--seed", "-1"], 2, "Invalid value for '--seed'"),
        (["--seed", "9" * 23], 2, "seed must lie in [0, 9223372036854775807], not 9999"),
        (["--name", "../../esc"], 2, "--name ../../esc is not a folder's name: leave out / and .."),
        (["--name", ".."], 2, "--name .. is not a folder's name"),
        (["--set", "batch=8", "--set", "method.equivariant=1e-6"], 2, "method.equivariant=1e-06 rounds to 0 of 256"),
    ],
)
@pytest.mark.usefixtures("workspace")
def test_mistakes_are_one_sentence(
    arguments: list[str], code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*arguments) == code
    error = capsys.readouterr().err
    assert message in error and "Traceback" not in error
    assert not (Path("runs").exists() and any(Path("runs").iterdir()))


def test_no_gpu(workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert run("--device", "cuda") == 1
    assert "PyTorch sees no GPU: use --device cpu" in capsys.readouterr().err


def test_more_gpus_than_there_are(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert run("--gpus", "2") == 1
    error = capsys.readouterr().err
    assert "--gpus 2 and PyTorch sees 0" in error
    assert "torchrun --nproc-per-node 2 -m iebench train --device cpu" in error
    monkeypatch.setenv("WORLD_SIZE", "1")
    assert run("--gpus", "2") == 2
    assert "does not go with torchrun" in capsys.readouterr().err


def test_no_dataset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    assert run() == 1
    assert "no dataset under data/: run `iebench render --classes 55` first" in capsys.readouterr().err


@pytest.mark.parametrize("more", [[], ["--gpus", "2"]])
@pytest.mark.usefixtures("workspace")
def test_a_queues_signal_while_it_starts(
    more: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    of = runs.RunConfig.of

    def signalled(*arguments: object) -> runs.RunConfig:
        os.kill(os.getpid(), signal.SIGTERM)
        return of(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(runs.RunConfig, "of", signalled)
    monkeypatch.setattr("iebench.benchmark.distributed.device.check_gpus", lambda gpus, device: "cpu")
    assert run(*QUICK, *more) == 75
    assert capsys.readouterr().err == (
        "iebench: stopped before the first step: the same command with --resume continues\n"
    )


@pytest.mark.usefixtures("workspace")
def test_a_service_that_fails_costs_no_weights(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = ModuleType("wandb")
    broken.__spec__ = ModuleSpec("wandb", None)
    broken.init = lambda **options: object()  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "wandb", broken)
    assert run(*QUICK, "--set", "log.wandb=mine") == 0
    assert "iebench: wandb fails at step 2 (it gives no reason):" in capsys.readouterr().err
    assert runs.load(runs.newest())[1].settings.steps == 2
