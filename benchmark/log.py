"""A run's log: one JSON line and one TensorBoard event per logged step, and what `trackers` adds."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from torch.utils.tensorboard import SummaryWriter

from iebench.manifests.common.files import disk_error, write_atomic

from .errors import RunError
from .trackers import Tracker

METRICS = "metrics.jsonl"
TENSORBOARD = "tensorboard"
TIMES = ("seconds", "images_per_s", "devices")  # columns that differ from run to run


class Log:
    """Writes run/metrics.jsonl and run/tensorboard/; forgets what an earlier attempt logged after `step`."""

    def __init__(self, run: Path, step: int, trackers: Sequence[Tracker] = ()) -> None:
        self._path = run / METRICS
        kept = [line for line in read(run) if line["step"] <= step]
        write_atomic(self._path, "".join(json.dumps(line) + "\n" for line in kept))
        self._trackers = trackers
        self._board = SummaryWriter(str(run / TENSORBOARD), purge_step=step + 1)

    def __enter__(self) -> Self:
        self._file = self._path.open("a", encoding="utf-8")
        return self

    def write(self, step: int, values: Mapping[str, float]) -> None:
        """Log the values of a step (counted from 1)."""
        try:
            self._file.write(json.dumps({"step": step, **values}) + "\n")
            self._file.flush()
        except OSError as error:
            raise disk_error(self._path, error) from error
        for name, value in values.items():
            self._board.add_scalar(name, value, step)
        for tracker in self._trackers:
            tracker.log(dict(values), step=step)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._file.close()
        self._board.close()
        for tracker in self._trackers:
            tracker.finish()


def read(run: Path) -> list[dict[str, float]]:
    """The lines of run/metrics.jsonl in order, [] without the file. A last line cut off by a crash is left out.

    Raises
    ------
    RunError : another line is damaged.
    """
    path = run / METRICS
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True) if path.is_file() else []
    if lines and not lines[-1].endswith("\n"):
        lines.pop()
    try:
        return [json.loads(line) for line in lines]
    except ValueError as error:
        raise RunError(f"{path} is damaged ({error}): remove that line, or the run, and train again") from error
