"""The log of a run: a JSON line, a CSV row and a TensorBoard event per logged step, and the services of `trackers`."""

import csv
import io
import json
import sys
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from iebench.manifests.common.causes import read_failure, reason
from iebench.manifests.common.files import atomic, on_disk
from iebench.manifests.common.placeholders import placeholder
from iebench.manifests.errors import DiskError
from iebench.manifests.text.plain_text import flaw

from ..errors import InvalidValue, RunError
from .trackers import Tracker

METRICS = "metrics.jsonl"
TABLE = "metrics.csv"
TENSORBOARD = "tensorboard"
LONGEST = 2**16  # bytes per line
LAST = 2**53  # largest step; larger whole numbers are not exact in all languages
TIMES = ("seconds", "core_seconds", "images_per_s", "devices")  # columns that differ from run to run


class Log:
    """Writes metrics.jsonl, metrics.csv and tensorboard/ in a run's folder.

    What an earlier session logged after `step` is dropped.
    """

    def __init__(self, run: Path, step: int, trackers: Sequence[Tracker] = ()) -> None:
        from .event_file import EventFile  # imports tensorboard, which reading a log does not need

        self._path = run / METRICS
        with atomic(self._path) as file:
            file.writelines(raw for raw, line in _lines(self._path) if line["step"] <= step)
        self._trackers = trackers
        self._board = EventFile(run / TENSORBOARD, step + 1)
        self._table = _Table(run)

    def __enter__(self) -> Self:
        with on_disk(self._path):
            self._file = self._path.open("a", encoding="utf-8")
        return self

    def write(self, step: int, values: Mapping[str, float]) -> None:
        """Log the values of a step (counted from 1).

        Raises
        ------
        DiskError : no space, or another write error.
        """
        with on_disk(self._path):
            self._file.write(json.dumps({"step": step, **values}) + "\n")
            self._file.flush()
        self._table.write({"step": step, **values})
        self._board.write(step, values)
        for tracker in self._trackers:
            tracker.log(dict(values), step=step)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        failed = error
        for path, close in ((self._path, self._file.close), (self._board.path, self._board.close)):
            try:
                with on_disk(path):
                    close()
            except DiskError as late:  # unless an earlier error was reported already
                failed = failed or late
        for tracker in self._trackers:
            tracker.finish()
        if failed is not error and failed is not None:
            raise failed


class _Table:
    """Writes run/metrics.csv: the lines of run/metrics.jsonl as rows, with an empty cell for a value that a line lacks.

    The columns are those of all lines so far: a line with a new name writes the file anew.
    """

    def __init__(self, run: Path) -> None:
        self._run, self._path, self._columns = run, run / TABLE, list[str]()
        self._write_anew()

    def write(self, line: Mapping[str, float]) -> None:
        """Add a line, which run/metrics.jsonl already has.

        Raises
        ------
        DiskError : no space, or another write error.
        """
        if not line.keys() <= set(self._columns):
            self._write_anew()
            return
        with on_disk(self._path), self._path.open("a", encoding="utf-8", newline="") as file:
            file.write(self._row(line))

    def _write_anew(self) -> None:
        self._columns = [*dict.fromkeys(name for line in read(self._run) for name in line)]
        with atomic(self._path) as file:
            file.write(self._row({name: name for name in self._columns}).encode())
            file.writelines(self._row(line).encode() for line in read(self._run))

    def _row(self, line: Mapping[str, Any]) -> str:
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\n").writerow([line.get(name, "") for name in self._columns])
        return text.getvalue()


def read(run: Path) -> Iterator[dict[str, float]]:
    """Read the lines of run/metrics.jsonl in order, one at a time; none if there is no file.

    Values are floats, possibly not finite; steps are whole numbers. A last line that a crash cut off is skipped.

    Raises
    ------
    RunError : another line is damaged.
    """
    return (line for _, line in _lines(run / METRICS))


def last(run: Path) -> dict[str, float] | None:
    """Return the last line of run/metrics.jsonl, after checking all lines; None if there is no line.

    Raises
    ------
    RunError : a line is damaged.
    """
    return next(iter(deque(read(run), maxlen=1)), None)


def _lines(path: Path) -> Iterator[tuple[bytes, dict[str, float]]]:
    """Yield each line, raw and parsed."""
    number = 0
    try:
        if not path.is_file():
            return
        with path.open("rb") as file:
            for number, raw in enumerate(iter(lambda: file.readline(LONGEST + 1), b""), start=1):  # noqa: B007  # for the message
                if len(raw) > LONGEST:
                    raise InvalidValue(f"it has more than {LONGEST:,} bytes")
                if raw.endswith(b"\n"):
                    yield raw, _values(json.loads(raw.decode("utf-8")))
    except (OSError, ValueError, RecursionError) as error:
        if isinstance(error, OSError) or placeholder(path):
            raise RunError(read_failure(path, error, "restore it")) from error
        why = "it is not JSON" if isinstance(error, json.JSONDecodeError) else reason(error)
        raise RunError(f"{path} is damaged (line {number}: {why}): restore it, or remove that line") from error


def _values(line: Any) -> dict[str, float]:
    if not isinstance(line, dict) or not _whole(line.get("step")):
        raise InvalidValue("it has no step")
    if not 0 <= line["step"] <= LAST:
        raise InvalidValue(f"step is a number of {len(str(abs(line['step'])))} digits, or negative")
    for name, value in line.items():
        if unfit := flaw(name):
            raise InvalidValue(f"a name has {unfit}")
        if not isinstance(value, float) and not _whole(value):
            raise InvalidValue(f"{name:.60} is {value!r:.60} and no number")
        if isinstance(value, int) and abs(value) > sys.float_info.max:
            raise InvalidValue(f"{name:.60} is a number of {len(str(abs(value)))} digits")
    return {**{name: float(value) for name, value in line.items()}, "step": line["step"]}


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
