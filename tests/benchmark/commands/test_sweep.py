"""`iebench sweep` on the command line; training runs in this process, and scores are made up."""

import json
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from scoring import measured, score_of

from iebench.benchmark import protocol
from iebench.benchmark.errors import RunHeld
from iebench.benchmark.statistics.resamples import Resamples
from iebench.benchmark.sweep import engines
from iebench.benchmark.sweep.job import IEBENCH, Job, Outcome
from iebench.benchmark.sweep.run import carry_out
from iebench.benchmark.training.config import RunConfig
from iebench.benchmark.training.runs import held
from iebench.manifests.shell.cli import main

pytestmark = pytest.mark.slow

FILE = """
methods = ["sie", "random"]
seeds = [0, 1]
set = ["steps=2", "batch=4", "encoder.width=0.125", "resolution=16", "checkpoint_every=1"]
"""


def iebench(*arguments: str) -> int:
    with pytest.raises(SystemExit) as stop:
        main(list(arguments))
    return int(stop.value.code or 0)


def made_up_score(run: Path) -> None:
    """Write a made-up score file where `iebench score` would write one."""
    config = RunConfig.load(run)
    whole = {"top1": measured(0.1 * config.seed + 0.3)}
    values = {"whole": whole} | ({"invariant": whole} if config.method == "sie" else {})
    score = score_of(run.name, values, config.fingerprint)
    strict = protocol.load()
    score = replace(score, protocol=strict, protocol_id=strict.id, resamples=Resamples("d" * 64, {}, {}))
    replace(score, run=json.loads((run / "config.json").read_text())).save(run / "score.json")


class Inside:
    """Engine that runs commands in this process; `broken` names a run whose training fails."""

    def __init__(self) -> None:
        self.ran: list[tuple[str, ...]] = []
        self.broken = ""

    def __call__(self, jobs: Sequence[Job], at_once: int, device: str, stop: Callable[[], bool]) -> Iterator[Outcome]:
        for job in jobs:
            if job.name == self.broken:
                yield Outcome(job.name, 1, "no luck", 1.0)
                continue
            for command in job.commands:
                self.ran.append(command[len(IEBENCH) :])
                if self.ran[-1][0] == "train":
                    assert iebench(*self.ran[-1]) == 0
                else:
                    made_up_score(Path("runs") / job.name)
            yield Outcome(job.name, 0, "", 1.0)


@pytest.fixture
def inside(monkeypatch: pytest.MonkeyPatch) -> Inside:
    engine = Inside()
    monkeypatch.setattr(engines, "local_outcomes", engine)
    return engine


@pytest.fixture
def workspace(tiny_dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Working folder with one dataset under data/ and a sweep file."""
    shutil.copytree(tiny_dataset, tmp_path / "data" / "tiny")
    (tmp_path / "mine.toml").write_text(FILE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_sweep_trains_and_scores_what_is_missing_and_writes_its_table(
    workspace: Path, inside: Inside, capsys: pytest.CaptureFixture[str]
) -> None:
    sets = [word for text in ("steps=2", "batch=4", "encoder.width=0.125", "resolution=16") for word in ("--set", text)]
    assert iebench("train", "--method", "sie", *sets) == 0  # by hand, as a sweep would
    capsys.readouterr()

    assert iebench("sweep", "mine.toml", "--dry-run") == 0
    listing = capsys.readouterr().out
    assert "runs/sie-tiny-s0: trained, not scored\nruns/random-tiny-s0: new\n" in listing
    assert "$ iebench train --method random --data" in listing and listing.endswith("1 trained, not scored, 3 new\n")
    assert not inside.ran

    inside.broken = "sie-tiny-s1"
    assert iebench("sweep", "mine.toml") == 3
    printed = capsys.readouterr()
    assert printed.out.startswith("4 runs, 0 of them finished\n")
    assert "runs/mine.md: written, 3 of 4 runs" in printed.out
    assert "sie-tiny-s1 failed: no luck; its output is in runs/sie-tiny-s1.log" in printed.err
    assert [command[0] for command in inside.ran] == ["score", "train", "score", "train", "score"]
    table = Path("runs/mine.md").read_text()
    assert "| sie-tiny-s0 | whole |" in table and "| random-tiny (2 seeds) | whole |" in table
    assert "| sie-tiny-s0 | invariant |" in table and "±" in table and "| floor |" in table

    Path("docs.md").write_text("# Results\n\n<!-- table -->\noutdated\n<!-- /table -->\n\nWhat they mean.\n")
    inside.broken, inside.ran = "", []
    assert iebench("sweep", "mine.toml", "--table", "docs.md") == 0
    assert "4 runs, 3 of them finished" in capsys.readouterr().out
    assert [command[0] for command in inside.ran] == ["train", "score"]
    page = Path("docs.md").read_text()
    assert page.startswith("# Results\n\n<!-- table -->\n\n| run | part |") and "outdated" not in page
    assert page.endswith("\n<!-- /table -->\n\nWhat they mean.\n") and "| sie-tiny (2 seeds) | whole |" in page
    assert iebench("sweep", "mine.toml", "--table", "docs.md") == 0
    assert Path("docs.md").read_text() == page


def test_a_run_that_another_process_trains_is_left_to_it(
    workspace: Path, inside: Inside, capsys: pytest.CaptureFixture[str]
) -> None:
    with held(Path("runs/sie-tiny-s1")):
        assert iebench("sweep", "mine.toml", "--dry-run") == 0
        assert "1 being trained by another process" in capsys.readouterr().out
        assert iebench("sweep", "mine.toml") == 0
        printed = capsys.readouterr()
        assert "4 runs, 0 of them finished\nsie-tiny-s1: skipped, being trained by another process" in printed.out
        assert "3 of 4 runs" in printed.out and "failed" not in printed.err
        assert not any("sie-tiny-s1" in command for command in inside.ran)
        sets = [word for text in ("steps=2", "batch=4", "encoder.width=0.125") for word in ("--set", text)]
        assert iebench("train", "--seed", "1", *sets) == RunHeld.exit_code
    messages: list[str] = []  # a run that the sweep started only then
    late = Outcome("late", RunHeld.exit_code, "", 1.0)
    assert not carry_out([], lambda _: iter([late]), lambda: False, messages.append)
    assert messages == ["late: skipped, being trained by another process"]


@pytest.mark.usefixtures("inside")
def test_another_run_in_a_place_stops_the_sweep_before_it_begins(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert iebench("train", "--method", "random", "--set", "steps=3") == 0
    assert iebench("sweep", "mine.toml") == 1
    assert "runs/random-tiny-s0 holds a run with other settings (batch: 128 there, 4 here;" in capsys.readouterr().err


@pytest.mark.usefixtures("workspace")
def test_no_cluster_and_a_misspelt_option(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("submitit")
    assert iebench("sweep", "mine.toml", "--engine", "slurm", "--slurm", "partition") == 2
    assert "--slurm partition has no value: write it as --slurm KEY=VALUE" in capsys.readouterr().err
    if shutil.which("srun") is None:
        assert iebench("sweep", "mine.toml", "--engine", "slurm") == 2
        assert "cannot submit jobs to" in capsys.readouterr().err


def test_commands_reach_the_same_program() -> None:
    assert (sys.executable, "-m", "iebench.manifests.shell.cli") == IEBENCH
