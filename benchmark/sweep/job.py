"""One run of a sweep as work that a process here or a cluster's job can do: `iebench train`, then `iebench score`.

Imports no torch: a cluster's job only starts the commands.
"""

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from iebench.manifests.text.plain_text import cleaned

IEBENCH = (sys.executable, "-m", "iebench.manifests.shell.cli")
SHIELD = ("sh", "-c", 'trap "" USR2; exec "$@"', "sh")  # Slurm's warning is for the job, which then asks us to stop
STOPPED = 130  # the exit code of what was asked to stop
PATIENCE = 60.0  # seconds that a command gets to save its state
TICK = 0.2


@dataclass(frozen=True)
class Outcome:
    """How a job ended. code : exit code of its last command; reason : what that said, when it failed."""

    name: str
    code: int
    reason: str
    seconds: float


class Job:
    """What is left to do of a run.

    name : of the run; log : the file that the commands' words go to
    commands : run one after another until one fails
    env : what their environment has besides
    """

    def __init__(self, name: str, commands: tuple[tuple[str, ...], ...], log: Path) -> None:
        self.name, self.commands, self.log = name, commands, log
        self.env: Mapping[str, str] = {}
        self._stopping = False
        self._process: subprocess.Popen[bytes] | None = None

    def __call__(self) -> Outcome:
        """Do it."""
        start, code, reason = time.monotonic(), 0, ""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
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
                    reason = said(self.log, before)
                    break
        return Outcome(self.name, code, reason, time.monotonic() - start)

    def stop(self) -> None:
        """Ask the command that runs to save its state and end."""
        self._stopping = True
        if self._process is not None and self._runs():
            self._process.terminate()

    def checkpoint(self) -> Any:
        """What submitit calls when the cluster wants the machine back: stop in order, then the same again."""
        import submitit

        self.stop()
        end = time.monotonic() + PATIENCE
        while self._runs() and time.monotonic() < end:
            time.sleep(TICK)
        return submitit.helpers.DelayedSubmission(Job(self.name, self.commands, self.log))

    def _runs(self) -> bool:
        return self._process is not None and self._process.poll() is None


def said(log: Path, start: int) -> str:
    """The last sentence of a failed command, which begins at byte `start`: iebench's own, or its last line."""
    with log.open("rb") as file:
        file.seek(start)
        lines = [line for line in file.read().decode(errors="replace").splitlines() if line.strip()]
    own = [line.removeprefix("iebench: ") for line in lines if line.startswith("iebench: ")]
    return cleaned((own or lines or ["it said nothing"])[-1].strip())
