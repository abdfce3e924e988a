"""Progress of long work: a live bar on a terminal, or a plain line at intervals in a log."""

import os
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.text import Text

from ..brief import number
from ..text.plain_text import cleaned

PLAIN_EVERY = 15.0  # seconds between lines when standard error is not a terminal
QUIET = "IEBENCH_QUIET"  # environment variable: not empty for no progress; `--quiet` sets it
OURS = "iebench: "  # beginning of a warning


class Meter:
    """Counter of finished work, shown on standard error with rate and time left.

    >>> with Meter("rendering", total=2, unit="images") as meter:
    ...     meter.advance(2)
    """

    def __init__(self, label: str, total: int, unit: str, done: int = 0, shown: bool = True) -> None:
        """Start at `done` of `total`; the rate counts only units recorded here. Without `shown` it only counts."""
        self.shown = shown and not os.environ.get(QUIET)
        self.label, self.total, self.unit, self.done = label, total, unit, done
        self._first = done
        self._note = ""
        self._shown = -1  # count in the last plain line
        self._start = self._last = time.monotonic()
        self._bar: _Bar | None = None

    def __enter__(self) -> Self:
        console = Console(stderr=True)
        if console.is_terminal and self.shown:
            self._bar = _Bar(
                TextColumn("[bold]{task.description}"), BarColumn(), MofNCompleteColumn(),
                TextColumn("{task.fields[rate]} {task.fields[note]}"), TimeElapsedColumn(), TimeRemainingColumn(),
                console=console,
            )  # fmt: skip
            self._task = self._bar.add_task(self.label, total=self.total, completed=self.done, rate="", note="")
            self._bar.start()
        return self

    def advance(self, count: int = 1, note: str = "") -> None:
        """Record `count` more units; `note` is a short text shown with the progress (a loss, failures so far)."""
        self.done += count
        self._note = note
        if self._bar is not None:
            self._bar.update(self._task, completed=self.done, rate=f"{self.rate:.1f} {self.unit}/s", note=note)
        elif time.monotonic() - self._last >= PLAIN_EVERY:
            self._last = time.monotonic()
            self._line()

    def below(self, lines: Sequence[str]) -> None:
        """Show lines below the bar in place of those before, such as the work of each process; a log has none."""
        if self._bar is not None:
            self._bar.lines = tuple(lines)

    @property
    def rate(self) -> float:
        """Units per second since the start."""
        return (self.done - self._first) / max(time.monotonic() - self._start, 1e-9)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if self._bar is not None:
            self._bar.lines = ()
            self._bar.stop()
        elif self.done != self._shown:
            self._line()

    def _line(self) -> None:
        if not self.shown:
            return
        self._shown = self.done
        left = (self.total - self.done) / self.rate if self.rate > 0 else float("inf")
        eta = f", {duration(left)} left" if 0 < left < float("inf") else ""
        head = f"{self.label}: {self.done}/{self.total} {self.unit}, {self.rate:.1f}/s"
        print(f"{head}{eta}{'  ' + self._note if self._note else ''}", file=sys.stderr, flush=True)  # noqa: T201


class _Bar(Progress):
    """A bar with lines below it."""

    lines: tuple[str, ...] = ()

    def get_renderables(self) -> Iterable[RenderableType]:
        """Return the parts from top to bottom."""
        yield from super().get_renderables()
        yield from (Text(f"  {cleaned(line)}", no_wrap=True, overflow="ellipsis") for line in self.lines)


def say(line: str) -> None:
    """Print a line on standard error, where the meters are; with `--quiet` only a warning, "iebench: ..."."""
    if os.environ.get(QUIET) and not line.startswith(OURS):
        return
    print(cleaned(line, lines=True), file=sys.stderr, flush=True)  # noqa: T201


@contextmanager
def silent() -> Iterator[None]:
    """Show no progress in this block, nor in processes that it starts."""
    before = os.environ.get(QUIET)
    os.environ[QUIET] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[QUIET]
        else:
            os.environ[QUIET] = before


def duration(seconds: float) -> str:
    """Format a duration for a reader.

    >>> duration(42), duration(754), duration(90000), duration(10**6), duration(10**11)
    ('42 s', '12 min 34 s', '25 h 0 min', '11 days', '3,169 years')
    """
    rounded = round(seconds)
    if rounded < 60:
        return f"{rounded} s"
    if rounded < 3600:
        return f"{rounded // 60} min {rounded % 60} s"
    if rounded < 100 * 3600:
        return f"{rounded // 3600} h {rounded % 3600 // 60} min"
    days = rounded // (24 * 3600)
    return f"{days} days" if days < 1000 else f"{number(round(days / 365.25))} years"
