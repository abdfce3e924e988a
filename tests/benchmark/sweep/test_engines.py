"""Jobs as processes of this machine, and through submitit's executor for one machine."""

import sys
import time
from functools import partial
from pathlib import Path

import pytest

from iebench.benchmark.sweep import engines
from iebench.benchmark.sweep.engines import local_outcomes, queued
from iebench.benchmark.sweep.job import STOPPED, Job
from iebench.benchmark.sweep.run import carry_out

pytestmark = pytest.mark.slow

FAIL = "import sys; print('noise'); print('iebench: the disk is full', file=sys.stderr); print('more'); sys.exit(1)"
WAIT = """
import pathlib, signal, sys, time
def end(*_):
    pathlib.Path(sys.argv[1]).write_text("saved")
    sys.exit(130)
signal.signal(signal.SIGTERM, end)
pathlib.Path(sys.argv[1]).write_text("at work")
time.sleep(60)
"""


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "LOOK", 0.05)


def python(folder: Path, name: str, *programs: str) -> Job:
    """Job that runs Python programs; each receives the path of its own file."""
    commands = tuple((sys.executable, "-c", text, str(folder / f"{name}-{n}")) for n, text in enumerate(programs))
    return Job(name, commands, folder / "logs" / f"{name}.log")


def never() -> bool:
    return False


def test_a_job_runs_its_commands_until_one_fails(tmp_path: Path) -> None:
    good = python(tmp_path, "good", "print('one')", "print('two')")()
    assert (good.name, good.code, good.reason) == ("good", 0, "")
    assert (tmp_path / "logs" / "good.log").read_text() == "one\ntwo\n"
    bad = python(tmp_path, "bad", FAIL, "print('two')")()
    assert (bad.code, bad.reason) == (1, "the disk is full")
    assert "two" not in (tmp_path / "logs" / "bad.log").read_text()
    assert python(tmp_path, "odd", "import sys; print('this went wrong'); sys.exit(9)")().reason == "this went wrong"


def test_here_all_jobs_run_and_processes_share_the_cores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr("iebench.benchmark.sweep.engines.cores", lambda: 6)
    show = "import os; print(os.environ.get('OMP_NUM_THREADS'), os.environ.get('IEBENCH_SHARE'))"
    outcomes = list(local_outcomes([python(tmp_path, f"r{i}", show) for i in range(4)], 2, "cpu", never))
    assert sorted(outcome.name for outcome in outcomes) == ["r0", "r1", "r2", "r3"]
    assert {(tmp_path / "logs" / f"r{i}.log").read_text() for i in range(4)} == {"3 2\n"}


def test_on_gpus_processes_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(engines.GPUS, raising=False)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 2)
    assert [engines._environment(n, 3, "cuda")[engines.GPUS] for n in range(3)] == ["0", "1", "0"]
    monkeypatch.setenv(engines.GPUS, "5,7")
    assert [engines._environment(n, 3, "cuda")[engines.GPUS] for n in range(3)] == ["5", "7", "5"]


def test_stopping_lets_those_that_run_save_and_starts_no_other(tmp_path: Path) -> None:
    jobs = [python(tmp_path, name, WAIT, "print('too late')") for name in ("a", "b")]
    mark = tmp_path / "a-0"
    lines: list[str] = []
    stop = mark.is_file
    assert carry_out(jobs, partial(local_outcomes, at_once=1, device="cpu", stop=stop), stop, lines.append) == []
    assert mark.read_text() == "saved" and not (tmp_path / "b-0").exists()
    assert sorted(lines) == ["a: stopped", "b: stopped"]


def test_one_line_for_each_run_and_the_failed_ones_come_back(tmp_path: Path) -> None:
    jobs = [python(tmp_path, "bad", FAIL), python(tmp_path, "good", "")]
    lines: list[str] = []
    failed = carry_out(jobs, partial(local_outcomes, at_once=1, device="cpu", stop=never), never, lines.append)
    assert [(outcome.name, outcome.reason) for outcome in failed] == [("bad", "the disk is full")]
    assert lines[0].startswith("bad: FAILED after 0 s: the disk is full; 1/2, ") and lines[0].endswith("left")
    assert lines[1].startswith("good: trained and scored in ") and lines[1].endswith("; 2/2")


def test_a_cluster_runs_them_as_tasks(tmp_path: Path) -> None:
    pytest.importorskip("submitit")
    from iebench.manifests.shell.slurm import Queue

    queue = Queue({"cluster": "local"}, tmp_path / "jobs", cpus=1, gpus=0)
    jobs = [python(tmp_path, "good", "print('done')"), python(tmp_path, "bad", FAIL)]
    outcomes = {outcome.name: outcome for outcome in queued(jobs, queue, never)}
    assert (outcomes["good"].code, outcomes["bad"].code, outcomes["bad"].reason) == (0, 1, "the disk is full")
    assert (tmp_path / "logs" / "good.log").read_text() == "done\n"


def test_a_task_that_is_taken_away_saves_and_is_queued_again(tmp_path: Path) -> None:
    pytest.importorskip("submitit")
    [job] = [python(tmp_path, "a", WAIT)]
    outcomes = []

    def act() -> bool:
        if (tmp_path / "a-0").is_file() and not outcomes:
            outcomes.append(job.checkpoint())
        return False

    [outcome] = local_outcomes([job], 1, "cpu", act)
    assert (tmp_path / "a-0").read_text() == "saved" and outcome.code == STOPPED
    again = outcomes[0].function
    assert (again.name, again.commands, again.log) == (job.name, job.commands, job.log)
    assert not again._stopping


def test_the_clusters_warning_does_not_reach_the_command(tmp_path: Path) -> None:
    program = "import os, signal; os.kill(os.getpid(), signal.SIGUSR2); print('still here')"
    assert python(tmp_path, "a", program)().code == 0


def test_time_is_left_for_what_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 10.0, 40.0])
    monkeypatch.setattr(time, "monotonic", lambda: next(clock, 40.0))
    ended = [engines.Outcome("a", 0, "", 10.0), engines.Outcome("b", 0, "", 30.0)]
    lines: list[str] = []
    carry_out([python(tmp_path, n) for n in "abc"], lambda jobs: iter(ended), never, lines.append)
    assert lines[0].endswith("1/3, 20 s left") and lines[1].endswith("2/3, 20 s left")
