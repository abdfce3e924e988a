"""The engine for Slurm clusters, with submitit's executor for one machine: the same bytes after any interruption."""

import os
import signal
import threading
import time

import pytest
from observe import command, content, descendants
from paths import HELPERS

submitit = pytest.importorskip("submitit")

from iebench.manifests.errors import QueueError  # noqa: E402
from iebench.renderer import plan as plan_module  # noqa: E402
from iebench.renderer.blender.interface import FAKE  # noqa: E402
from iebench.renderer.engines import Work, slurm  # noqa: E402
from iebench.renderer.engines.slurm import Part, Slurm  # noqa: E402
from iebench.renderer.errors import DeviceError, UsageError, WorkerError  # noqa: E402
from iebench.renderer.rendering.render import render_dataset  # noqa: E402

pytestmark = pytest.mark.slow

ABOUT = {"name": "fake", "version": "1", "device": "CPU"}


@pytest.fixture(autouse=True)
def quickly(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(HELPERS), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.setattr(slurm, "TICK", 0.2)
    monkeypatch.setattr(
        submitit.Job, "_results_timeout_s", 1
    )  # a slow network's files may come later than the end of a job
    monkeypatch.setattr(plan_module, "IMAGES_PER_SHARD", (48, 48))


def options(folder, **more):
    return {"cluster": "local", "tasks": "2", "folder": str(folder / "jobs"), **more}


def work(plan, out, backend=FAKE):
    return Work(plan.without_objects(), str(out), 1, 1, "cpu", backend, 60.0, 0)


def test_a_killed_task_is_submitted_again_and_changes_nothing(tiny_plan, tmp_path):
    plan, killed = tiny_plan("8", 5, 12), []
    render_dataset(plan, tmp_path / "local", workers=2, backend="flaky:Slow")

    def kill():
        """Kill the first task that is running once some shards exist."""
        until = time.monotonic() + 60
        while not killed and time.monotonic() < until:
            if len(list((tmp_path / "slurm").glob("*/*.parquet"))) >= 2:
                for pid in descendants(os.getpid()):
                    if "submitit.core._submit" in command(pid) and descendants(pid) and not killed:
                        killed.append(pid)
                        os.kill(pid, signal.SIGKILL)
            time.sleep(0.05)

    thread = threading.Thread(target=kill)
    thread.start()
    render_dataset(plan, tmp_path / "slurm", workers=1, backend="flaky:Slow", engine="slurm", options=options(tmp_path))
    thread.join()
    assert killed
    assert content(tmp_path / "slurm") == content(tmp_path / "local")


def test_a_part_that_is_queued_again_skips_finished_shards(tiny_plan, tiny_dataset, tmp_path, monkeypatch):
    plan = tiny_plan()
    render_dataset(plan, tmp_path / "d", workers=1, backend=FAKE)
    part = Part(work(plan, tmp_path / "d"), plan.shards(), ABOUT)
    again = part.checkpoint().function
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "d").glob("*/*")}
    lost = tmp_path / "d" / "train" / "00001.tar"
    lost.unlink()
    again()
    after = {path: path.stat().st_mtime_ns for path in (tmp_path / "d").glob("*/*")}
    assert {path.name for path in before if before[path] != after[path]} == {"00001.tar", "00001.parquet"}


def test_a_machine_with_another_renderer_does_not_mix_its_pictures_in(tiny_plan, tmp_path):
    plan = tiny_plan()
    render_dataset(plan, tmp_path / "d", workers=1, backend=FAKE)
    (tmp_path / "d" / "val" / "00000.tar").unlink()
    with pytest.raises(DeviceError, match=r"'version': '1'.*'version': '2'"):
        Part(work(plan, tmp_path / "d"), plan.shards(), {**ABOUT, "version": "2"})()


def test_an_array_that_only_fails_is_given_up_with_its_cause(tiny_plan, tmp_path):
    with pytest.raises(WorkerError, match=r"Broken|libXrender"):
        render_dataset(
            tiny_plan(), tmp_path / "d", workers=1, backend="flaky:Broken", engine="slurm", options=options(tmp_path)
        )


def test_the_script_requests_the_given_options(tiny_plan, tmp_path):
    plan = tiny_plan()
    options = {"partition": "long", "time": "90", "reservation": "night", "folder": "jobs", "tasks": "3"}
    script = Slurm(Work(plan.without_objects(), "x", 2, 4, "optix", FAKE, 60.0, 0), options).preview(plan.shards())
    lines = script.splitlines()
    for line in ("partition=long", "time=90", "reservation=night", "cpus-per-task=8", "gpus-per-node=1"):
        assert f"#SBATCH --{line}" in lines
    assert any(line.startswith("#SBATCH --array=0-2") for line in lines)
    assert "#SBATCH --signal=USR2@90" in lines  # before it is preempted, so that it is queued again


def test_a_length_that_is_no_number_is_a_usage_error(tiny_plan, tmp_path):
    with pytest.raises(UsageError, match="--slurm tasks=many: give a whole number"):
        Slurm(work(tiny_plan(), tmp_path), {"tasks": "many"})


def test_a_job_that_sbatch_does_not_take_is_one_sentence_and_leaves_nothing(tiny_plan, tmp_path, monkeypatch, capsys):
    (tmp_path / "bin").mkdir()
    for name, code in (
        ("sbatch", "(echo sbatch: error: x; echo sbatch: fatal: no controller) >&2; exit 1"),
        ("srun", ""),
    ):
        (tmp_path / "bin" / name).write_text(f"#!/bin/sh\n{code}\n")
        (tmp_path / "bin" / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/bin:/usr/bin")
    plan = tiny_plan()
    engine = Slurm(work(plan, tmp_path / "d"), {"folder": str(tmp_path / "jobs")})
    for submitting in (engine.about, lambda: engine.render(plan.shards(), ABOUT, lambda images, failed: None)):
        with pytest.raises(QueueError, match=r"sbatch does not take the job \(fatal: no controller\)"):
            submitting()
    assert not list((tmp_path / "jobs").iterdir())
    assert capsys.readouterr().err == ""  # submitit would report it too
