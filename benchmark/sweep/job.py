"""A run of a sweep as a job for this machine or a cluster: `iebench train`, then `iebench score`.

Imports no torch, since a job only starts the commands.
"""

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from iebench.manifests.common.files import disk_error, opened
from iebench.manifests.errors import DiskError
from iebench.manifests.text.plain_text import cleaned

IEBENCH = (sys.executable, "-m", "iebench.manifests.shell.cli")
SHIELD = ("sh", "-c", 'trap "" USR2; exec "$@"', "sh")  # Slurm's warning is for the job, which then stops the command
STOPPED = 130  # exit code after a request to stop
PATIENCE = 60.0  # seconds for a command to save its state
TICK = 0.2


@dataclass(frozen=True)
class Outcome:
    """The outcome of a job. code : exit code of its last command; reason : message of that command, if it failed."""

    name: str
    code: int
    reason: str
    seconds: float


class Job:
    """The remaining work of a run.

    name : name of the run; log : file for the commands' output
    commands : run one after another until one fails
    env : additional environment variables
    """

    def __init__(self, name: str, commands: tuple[tuple[str, ...], ...], log: Path) -> None:
        self.name, self.commands, self.log = name, commands, log
        self.env: Mapping[str, str] = {}
        self._stopping = False
        self._process: subprocess.Popen[bytes] | None = None

    def __call__(self) -> Outcome:
        """Run the commands."""
        start, code, reason = time.monotonic(), 0, ""
        try:
            self.log.parent.mkdir(parents=True, exist_ok=True)
            file = os.fdopen(opened(self.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT), "ab")
        except OSError as error:
            return Outcome(self.name, DiskError.exit_code, str(disk_error(self.log, error)), 0.0)
        with file as log:
            for command in self.commands:
                if self._stopping:
                    return Outcome(self.name, STOPPED, "stopped", time.monotonic() - start)
                before = log.tell()
                self._process = subprocess.Popen(
                    [*SHIELD, *command], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                    env={**os.environ, **self.env}, start_new_session=True,
                )  # fmt: skip
                try:
                    while self._runs():
                        time.sleep(TICK)
                except BaseException:
                    self.stop()
                    raise
                code = self._process.returncode
                if code:
                    reason = failure_message(self.log, before)
                    break
        return Outcome(self.name, code, reason, time.monotonic() - start)

    def stop(self) -> None:
        """Ask the running command to save its state and end."""
        self._stopping = True
        if self._process is not None and self._runs():
            self._process.terminate()

    def checkpoint(self) -> Any:
        """Stop in order and submit the job again; submitit calls this when the cluster takes the machine back."""
        import submitit

        self.stop()
        end = time.monotonic() + PATIENCE
        while self._runs() and time.monotonic() < end:
            time.sleep(TICK)
        return submitit.helpers.DelayedSubmission(Job(self.name, self.commands, self.log))

    def _runs(self) -> bool:
        return self._process is not None and self._process.poll() is None


def failure_message(log: Path, start: int) -> str:
    """Return the message of a failed command, whose output starts at byte `start`: iebench's own, or the last line."""
    with log.open("rb") as file:
        file.seek(start)
        lines = [line for line in file.read().decode(errors="replace").splitlines() if line.strip()]
    own = [line.removeprefix("iebench: ") for line in lines if line.startswith("iebench: ")]
    return cleaned((own or lines or ["it said nothing"])[-1].strip())
