"""Resources requested from a Slurm cluster, as in the script with which an array would be submitted."""

from pathlib import Path

import pytest

pytest.importorskip("submitit")

from submitit import SlurmJob

from iebench.manifests.errors import UsageError
from iebench.manifests.shell.slurm import Queue


def script(*, cpus: int = 4, gpus: int = 1, parallel: int = 0, tasks: int = 6, **options: str) -> list[str]:
    """Return the lines of the script."""
    return Queue(options, Path("jobs"), cpus, gpus, parallel).script(tasks).splitlines()


def test_what_is_asked_for_unless_options_say_otherwise() -> None:
    lines = script()
    assert {"#SBATCH --cpus-per-task=4", "#SBATCH --gpus-per-node=1", "#SBATCH --time=1440"} < set(lines)
    assert any(line.startswith("#SBATCH --array=0-5") for line in lines)
    assert "#SBATCH --cpus-per-task=12" in script(cpus_per_task="12")
    assert not any("gpus-per-node" in line for line in script(gres="gpu:a100:1"))
    assert "#SBATCH --gres=gpu:a100:1" in script(gres="gpu:a100:1")
    assert not any("gpus-per-node" in line for line in script(gpus=0))


def test_how_many_tasks_run_at_once() -> None:
    assert "#SBATCH --array=0-5%2" in script(parallel=2)


def test_options_that_submitit_does_not_know_reach_sbatch() -> None:
    assert "#SBATCH --reservation=night" in script(reservation="night")


def test_a_length_is_a_whole_number() -> None:
    with pytest.raises(UsageError, match="--slurm time=long: give a whole number"):
        script(time="long")
    with pytest.raises(UsageError, match="--slurm tasks=0: give a whole number from 1 up"):
        Queue({"tasks": "0"}, Path("jobs"), 1, 0)
    assert "#SBATCH --time=0" in script(time="0")  # no limit, to Slurm


@pytest.mark.parametrize("name", ["part ition", "", "a\nb", "ä"])
def test_a_name_that_no_option_can_have_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="is not the name of an option"):
        script(**{name: "x"})


def test_no_cluster_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match="cannot submit jobs to 'slurm' here"):
        Queue({}, tmp_path, 1, 0).submit([print])


def test_a_job_that_has_left_the_queue_is_over_whatever_became_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "squeue").write_text(f"#!/bin/sh\ncat {tmp_path}/queue\n")
    (tmp_path / "squeue").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    monkeypatch.setattr(SlurmJob, "_results_timeout_s", 0)  # of submitit: its wait for a file system of a cluster
    jobs = [SlurmJob(tmp_path, job) for job in ("7_0", "7_1")]
    (tmp_path / "queue").write_text("  7_0 node3\n7_1\n9_0 node4\n")
    assert [job.done(force_check=True) for job in jobs] == [False, False]
    (tmp_path / "queue").write_text("7_1 node3\n")
    SlurmJob.watcher.clear()  # the watcher does not poll again within a millisecond
    assert [job.done(force_check=True) for job in jobs] == [True, False]
    assert "7_0" in str(jobs[0].exception())
