"""A Slurm queue used through submitit: its options, job arrays, and the cause of a failed job."""

import inspect
import io
import os
import re
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr
from pathlib import Path
from typing import Any

import submitit
from submitit.slurm.slurm import _make_sbatch_string  # its public callers need Slurm installed; a dry run does not

from ..errors import QueueError, UsageError

MINUTES = 24 * 60  # default time limit of a task
GENERAL = {
    "job_name": "name",
    "time": "timeout_min",
    "cpus_per_task": "cpus_per_task",
    "gpus_per_node": "gpus_per_node",
}
SBATCH = inspect.signature(_make_sbatch_string).parameters.keys() - {"command", "folder", "map_count"}
NUMBERS = ("tasks", "time")
NAME = re.compile("[A-Za-z0-9_-]+")
PENDING = re.compile(r"[0-9a-f]{32}\.pkl|\.submission_file_[0-9a-f]{32}\.sh")


class _InQueue(submitit.slurm.slurm.SlurmInfoWatcher):  # type: ignore[misc]  # untyped
    """Watcher that reports for each job whether it is still in Slurm's queue.

    submitit's own watcher reads Slurm's accounting, which some clusters do not keep: there it would wait forever for a
    killed job.
    """

    def _make_command(self) -> list[str]:
        return ["squeue", "--noheader", "--array", f"--user={os.getuid()}", "--format=%i %N"]

    def read_info(self, string: bytes | str) -> dict[str, dict[str, str]]:
        """Return the state of each job: RUNNING if squeue lists it (pending, starting or running), else ENDED.

        An ended job may have succeeded or failed.
        """
        lines = (string if isinstance(string, str) else string.decode()).splitlines()
        nodes = {job: node.strip() for job, _, node in (line.strip().partition(" ") for line in lines)}
        return {
            job: {"JobID": job, "State": "RUNNING" if job in nodes else "ENDED", "NodeList": nodes.get(job, "")}
            for job in self._registered
        }


submitit.SlurmJob.watcher = _InQueue(delay_s=60)


class Queue:
    """Queue of a cluster that receives job arrays.

    Options: `folder` of scripts and logs, visible to every machine; `cluster` of submitit ("slurm", or "local" to test
    without a cluster); `time` in minutes; `tasks`, which the caller reads. All others go to sbatch (partition, ...).
    """

    def __init__(self, options: Mapping[str, str], folder: Path, cpus: int, gpus: int, parallel: int = 0) -> None:
        """folder : default folder; cpus, gpus : per task; parallel : most tasks of an array at once, 0 for all."""
        for key in options:
            if not NAME.fullmatch(key):
                raise UsageError(f"--slurm {key!r} is not the name of an option: use letters, digits, - and _")
        settings: dict[str, Any] = {key.replace("-", "_"): value for key, value in options.items()}
        for key in NUMBERS:
            if not str(settings.get(key, "1")).isdecimal():
                raise UsageError(f"--slurm {key}={settings[key]}: give a whole number")
        self.tasks = int(settings.pop("tasks")) if "tasks" in settings else None
        if self.tasks == 0:  # only `time` may be 0: in Slurm it means no limit
            raise UsageError("--slurm tasks=0: give a whole number from 1 up")
        self.folder = Path(settings.pop("folder", folder)).absolute()
        self._cluster = settings.pop("cluster", "slurm")
        minutes = int(settings.pop("time", MINUTES))
        self._parameters: dict[str, Any] = {"cpus_per_task": cpus}
        self._parameters |= {"gpus_per_node": gpus} if gpus and "gres" not in settings else {}
        self._parameters |= {"array_parallelism": parallel} if parallel else {}
        self._parameters |= {key: value for key, value in settings.items() if key in SBATCH}
        self._parameters |= {"job_name": "iebench", "time": minutes}
        other = {key: value for key, value in settings.items() if key not in SBATCH}
        self._parameters |= {"additional_parameters": other} if other else {}

    def submit(self, calls: Sequence[Any]) -> list[Any]:
        """Submit a job array with one task per callable, which is pickled; return submitit's jobs.

        Raises
        ------
        UsageError : this machine cannot submit jobs.
        QueueError : sbatch refuses the job.
        """
        try:
            executor = submitit.AutoExecutor(self.folder, cluster=self._cluster)
        except (RuntimeError, ValueError) as error:
            raise UsageError(
                f"cannot submit jobs to {self._cluster!r} here: run this where `sbatch` is installed"
            ) from error
        executor.update_parameters(**{GENERAL.get(key, f"slurm_{key}"): v for key, v in self._parameters.items()})
        with self._refusals(), executor.batch():
            return [executor.submit(call) for call in calls]

    @contextmanager
    def _refusals(self) -> Iterator[None]:
        """Turn a refusal of sbatch into one sentence, and delete the files written for the submission."""
        before = set(self._pending())
        try:
            with redirect_stderr(io.StringIO()):  # submitit also prints the messages of sbatch
                yield
        except submitit.core.utils.FailedJobError as error:
            for path in set(self._pending()) - before:
                path.unlink(missing_ok=True)
            message = _last_line(error)
            raise QueueError(
                f"sbatch does not take the job ({message}): see `sinfo`, correct the --slurm options, and "
                "run the same command again"
            ) from error

    def _pending(self) -> Iterator[Path]:
        """Return the files that submitit writes before Slurm has given a job its number."""
        return (path for path in self.folder.glob("*") if PENDING.fullmatch(path.name))

    def script(self, tasks: int) -> str:
        """Return the batch script of an array of that many tasks."""
        command = shlex.join([sys.executable, "-m", "submitit.core._submit", str(self.folder)])
        return str(_make_sbatch_string(command, self.folder, map_count=tasks, **self._parameters))

    def cause(self, job: Any) -> str:
        """Return the cause of a failed job: the text of iebench's error in the traceback, or submitit's first line."""
        text = str(job.exception()).strip()
        _, dashes, trace = text.partition("-" * 20)
        lines = [line for line in trace.splitlines() if line.strip("- ") and "You can check full logs" not in line]
        ends = [line for line in lines if not line.startswith((" ", "\t")) and ": " in line]
        message = text.splitlines()[0]
        if dashes and ends:
            kind, _, words = ends[-1].partition(": ")
            message = words if kind.startswith("iebench.") else "an unexpected error; its log has the details"
        return f"{message} (job {job.job_id}; logs in {self.folder})"


def _last_line(refusal: submitit.core.utils.FailedJobError) -> str:
    """Return the last line of sbatch's message, without its name; submitit gives it as the error's text."""
    lines = str(refusal).strip().splitlines() or ["it gives no reason"]
    return lines[-1].removeprefix("sbatch: ")
