"""Worker processes that may crash, hang or use too much memory: watched, replaced on failure, ended with their parent.

Every worker has its own pipe and shares no lock, so killing a worker at any moment does not affect the others. Times
come from the monotonic clock, so a change of the machine's clock neither kills a worker nor hides a hanging worker.
"""

import multiprocessing
import shutil
import signal
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any, Generic, Self, TypeVar

from ..errors import WorkerError
from ..machine.interrupts import without_interrupts
from ..machine.memory import resident
from .serve import serve
from .worker import Setup

TRIES = 2  # attempts for a task whose worker crashes, hangs or uses too much memory, each in a new process
KILLED_TRIES = 5  # attempts after SIGKILL, which comes from outside (out of memory, a person), rarely due to the task
STARTS, KILLED_STARTS = 3, 20  # consecutive workers that may end during their start, without and with SIGKILL
START_PATIENCE = 1800.0  # seconds; the first start on a GPU may compile its kernels
TICK = 0.2  # seconds between two checks of deadlines and memory

K = TypeVar("K")
T = TypeVar("T")


@dataclass(frozen=True)
class Lost:
    """A task that no worker could finish, with the cause in one sentence."""

    cause: str


@dataclass(frozen=True)
class Running(Generic[K]):
    """A task that a worker is at: its key, the views that are finished, and its seconds so far."""

    key: K
    views: int
    seconds: float


@dataclass
class _Task:
    key: Any
    message: tuple[Callable[..., Any], tuple[Any, ...]]
    tries: int = 0
    killed: int = 0


@dataclass(frozen=True)
class _Done:
    value: Any


@dataclass(frozen=True)
class _Broken:
    cause: str
    killed: bool = False  # by SIGKILL
    began: bool = True  # the task had started; otherwise the worker was still starting


@dataclass(eq=False)
class _Worker:
    process: BaseProcess
    connection: Connection
    scratch: Path
    since: float  # monotonic: start of its task, or of the worker itself
    ready: bool = False
    task: _Task | None = None
    views: int = 0  # that it finished of its task

    def send(self) -> None:
        self.since, self.views = time.monotonic(), 0
        if self.task is not None:
            with suppress(OSError):  # the worker has just died; `Pool._look` will notice
                self.connection.send(self.task.message)


class Pool:
    """Up to `workers` processes initialised by `worker.start(setup)`; a context manager that leaves no process behind.

    A process starts when there is a task for it. The pool must be used from a single thread.
    """

    def __init__(self, workers: int, setup: Setup, patience: float, memory: int, scratch: Path) -> None:
        """
        patience : seconds after which a task counts as hung
        memory : most resident bytes per worker, 0 for no limit; a worker that holds more than half of this after a task
            is replaced
        scratch : folder for the workers' temporary files
        """
        self._count, self._setup, self._patience = workers, setup, patience
        self._memory, self._scratch = memory, scratch
        self._workers: list[_Worker] = []
        self._deaths = 0  # workers in a row that ended during their start
        self._looked = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        for worker in self._workers:
            worker.process.kill()  # kill all first, then clean up one by one
        for worker in list(self._workers):
            self._discard(worker)

    def call(self, function: Callable[..., T], *arguments: Any) -> T:
        """Run one function in one worker.

        Raises
        ------
        IebenchError : raised by the function, or because no worker could run it.
        """
        [(_, result)] = self.run(function, [(None, arguments)])
        if isinstance(result, Lost):
            raise WorkerError(result.cause)
        return result

    def run(
        self, function: Callable[..., T], tasks: Iterable[tuple[K, tuple[Any, ...]]],
        watch: Callable[[Sequence[Running[K]]], None] | None = None,
    ) -> Iterator[tuple[K, T | Lost]]:  # fmt: skip
        """Yield the results of `function(*arguments)` for each (key, arguments), in order of completion.

        watch : takes the running tasks several times a second

        Raises
        ------
        IebenchError : raised by `function`; any other exception makes the task a `Lost`.
        WorkerError : several workers in a row ended during their start.
        """
        fresh, retries = (_Task(key, (function, arguments)) for key, arguments in tasks), deque[_Task]()
        while True:
            self._assign(fresh, retries)
            if all(worker.task is None for worker in self._workers):
                return
            wait([thing for w in self._workers for thing in (w.connection, w.process.sentinel)], TICK)
            tick = time.monotonic() - self._looked >= TICK
            self._looked = time.monotonic() if tick else self._looked
            if tick and watch is not None:
                busy = [(worker.task, worker) for worker in self._workers if worker.ready and worker.task]
                watch([Running(task.key, worker.views, self._looked - worker.since) for task, worker in busy])
            for worker in list(self._workers):
                task = worker.task
                event = self._look(worker, tick)
                if event is None or task is None:
                    continue
                if isinstance(event, _Done):
                    yield task.key, event.value
                    continue
                task.killed += event.began and event.killed
                task.tries += event.began and not event.killed
                if task.tries < TRIES and task.killed < KILLED_TRIES:
                    retries.append(task)
                else:
                    yield task.key, Lost(f"{event.cause}, {task.tries or task.killed} times")

    def _assign(self, fresh: Iterator[_Task], retries: "deque[_Task]") -> None:
        """Give every idle worker a task, and start workers while there are tasks for them."""
        while True:
            free = next((worker for worker in self._workers if worker.task is None), None)
            if free is None and len(self._workers) >= self._count:
                return
            task = retries.popleft() if retries else next(fresh, None)
            if task is None:
                return
            worker = free or self._start()
            worker.task = task
            if worker.ready:
                worker.send()

    def _start(self) -> _Worker:
        own_end, worker_end = multiprocessing.Pipe()
        scratch = Path(tempfile.mkdtemp(dir=self._scratch))
        context = multiprocessing.get_context("spawn")  # bpy does not survive a fork
        process = context.Process(
            target=serve, args=(worker_end, self._setup, str(scratch)), name="iebench", daemon=True
        )
        with without_interrupts(), without_main():
            process.start()
        worker_end.close()
        worker = _Worker(process, own_end, scratch, time.monotonic())
        self._workers.append(worker)
        return worker

    def _look(self, worker: _Worker, tick: bool) -> _Done | _Broken | None:
        """Return the result or failure of the worker's task since the last check, or None; remove a broken worker."""
        try:
            while worker.connection.poll():
                kind, value = worker.connection.recv()
                if kind != "views":
                    return self._hear(worker, kind, value)
                worker.views = value
        except (EOFError, OSError):  # the worker died, perhaps while sending a result
            worker.process.join(5)
        if not worker.process.is_alive():
            return self._broken(worker, f"the renderer {_death(worker.process.exitcode)}")
        if not tick or (worker.ready and worker.task is None):
            return None
        waited = time.monotonic() - worker.since
        if waited > (self._patience if worker.ready else START_PATIENCE):
            return self._broken(worker, f"the renderer hung: no result after {waited:.0f} s")
        if self._memory and resident(worker.process.pid) > self._memory:
            return self._broken(worker, f"the renderer took more than {self._memory / 1e9:.3g} GB of memory")
        return None

    def _hear(self, worker: _Worker, kind: str, value: Any) -> _Done | _Broken | None:
        if kind == "ready":
            worker.ready, self._deaths = True, 0
            worker.send()
            return None
        if kind == "error":
            raise value
        worker.task = None
        if self._memory and resident(worker.process.pid) > self._memory / 2:
            self._discard(worker)
        if kind == "result":
            return _Done(value)
        return _Broken(f"the renderer failed: {value}")

    def _broken(self, worker: _Worker, cause: str) -> _Broken:
        killed = worker.process.exitcode == -signal.SIGKILL
        self._discard(worker)
        if not worker.ready:
            self._deaths += 1
            if self._deaths >= (KILLED_STARTS if killed else STARTS):
                raise WorkerError(f"{cause} while it started, {self._deaths} times in a row: try --limit 1 --workers 1")
        return _Broken(cause, killed, worker.ready)

    def _discard(self, worker: _Worker) -> None:
        """Kill a worker and remove its temporary files."""
        self._workers.remove(worker)
        worker.process.kill()
        worker.process.join(5)  # with a time limit: a process stuck in the kernel cannot be killed
        worker.connection.close()
        shutil.rmtree(worker.scratch, ignore_errors=True)


@contextmanager
def without_main() -> Iterator[None]:
    """Hide the main script from processes started in the block.

    Spawned processes run the script again, up to its guard `if __name__ == "__main__"`; a script without a guard that
    calls `iebench.renderer.render` would start a rendering in each of its workers.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def _death(code: int | None) -> str:
    if code is None or code >= 0:
        return f"crashed (exit code {code})"
    if code == -signal.SIGKILL:
        return "was killed by SIGKILL, as the system does when memory runs out"
    return f"crashed ({signal.Signals(-code).name})"
