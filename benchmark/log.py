"""A run's log: one JSON line and one TensorBoard event per logged step, and what `trackers` adds."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from iebench.manifests.common.causes import read_failure, reason
from iebench.manifests.common.files import on_disk, write_atomic
from iebench.manifests.common.placeholders import placeholder
from iebench.manifests.errors import DiskError

from .errors import InvalidValue, RunError
from .trackers import Tracker

METRICS = "metrics.jsonl"
TENSORBOARD = "tensorboard"
TIMES = ("seconds", "images_per_s", "devices")  # columns that differ from run to run


class Log:
    """Writes run/metrics.jsonl and run/tensorboard/; forgets what an earlier attempt logged after `step`."""

    def __init__(self, run: Path, step: int, trackers: Sequence[Tracker] = ()) -> None:
        from .event_file import EventFile  # with tensorboard, which the readers of a log need not have

        self._path = run / METRICS
        kept = [line for line in read(run) if line["step"] <= step]
        write_atomic(self._path, "".join(json.dumps(line) + "\n" for line in kept))
        self._trackers = trackers
        self._board = EventFile(run / TENSORBOARD, step + 1)

    def __enter__(self) -> Self:
        with on_disk(self._path):
            self._file = self._path.open("a", encoding="utf-8")
        return self

    def write(self, step: int, values: Mapping[str, float]) -> None:
        """Log the values of a step (counted from 1).

        Raises
        ------
        DiskError : no space, or the like.
        """
        with on_disk(self._path):
            self._file.write(json.dumps({"step": step, **values}) + "\n")
            self._file.flush()
        self._board.write(step, values)
        for tracker in self._trackers:
            tracker.log(dict(values), step=step)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        failed = error
        for path, close in ((self._path, self._file.close), (self._board.path, self._board.close)):
            try:
                with on_disk(path):
                    close()
            except DiskError as late:  # what was not written before was said already
                failed = failed or late
        for tracker in self._trackers:
            tracker.finish()
        if failed is not error and failed is not None:
            raise failed


def read(run: Path) -> list[dict[str, float]]:
    """The lines of run/metrics.jsonl in order, [] without the file. A last line cut off by a crash is left out.

    Raises
    ------
    RunError : another line is damaged.
    """
    path = run / METRICS
    number = 0
    try:
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True) if path.is_file() else []
        if lines and not lines[-1].endswith("\n"):
            lines.pop()
        found = []
        for number, line in enumerate(lines, start=1):  # noqa: B007  # for the message
            found.append(_values(json.loads(line)))
        return found
    except (OSError, ValueError) as error:
        if isinstance(error, OSError) or placeholder(path):
            raise RunError(read_failure(path, error, "restore it")) from error
        where = f"line {number}: " if number else ""
        why = "it is not JSON" if isinstance(error, json.JSONDecodeError) else reason(error)
        raise RunError(f"{path} is damaged ({where}{why}): remove that line, or the run, and train again") from error


def _values(line: Any) -> dict[str, float]:
    if not isinstance(line, dict) or not isinstance(line.get("step"), int):
        raise InvalidValue("it has no step")
    for name, value in line.items():
        if not isinstance(value, int | float):
            raise InvalidValue(f"{name:.60} is {value!r:.60} and no number")
    return line
