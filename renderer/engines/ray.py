"""Engine of a Ray cluster: one Ray task per shard, which runs the local engine.

Ray starts a task where its CPU threads (and a GPU, if requested) are free, and repeats it elsewhere if its process or
machine is lost. Blender runs in a process that the task starts and watches, never in Ray's own process.
"""

import socket
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import ray
from ray.exceptions import NodeDiedError, OutOfMemoryError, RayError, RayTaskError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from iebench.manifests.common.causes import refusal
from iebench.manifests.common.patience import PATIENCE, ends
from iebench.manifests.common.progress import say

from ..errors import IebenchError, UsageError, WorkerError
from ..plan import Shard
from . import Advance, Work
from .local import Local, render_as

RETRIES = 10  # per task, after the loss of its process or machine
WAITING = 256  # most tasks submitted to Ray at a time
TICK = 1.0  # seconds between two reads of the progress
CONNECT = 5.0  # seconds in which a cluster must accept a connection

Counts = tuple[int, int]  # images rendered or given up, objects failed


class Ray:
    """Engine of a Ray cluster. Option: `address` of the cluster; without it, one is started on this machine."""

    def __init__(self, work: Work, options: Mapping[str, str]) -> None:
        unknown = options.keys() - {"address"}
        if unknown:
            raise UsageError(f"--engine ray knows no option {', '.join(sorted(unknown))}: leave it out")
        self._work, self._address = work, options.get("address")

    def __enter__(self) -> Self:
        self._started = not ray.is_initialized()
        if self._started:
            try:
                _knock(self._address or "")
                ray.init(self._address, logging_level="error", log_to_driver=False)
            except (OSError, OverflowError, ValueError, RayError) as error:
                raise UsageError(
                    f"no Ray cluster at {self._address} ({refusal(error, 'it does not answer')}): see `ray status`"
                ) from error
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if self._started and not ends(ray.shutdown, PATIENCE):
            say(f"iebench: Ray has not shut down within {PATIENCE:.0f} s; this process ends without waiting for it")

    def preview(self, shards: Sequence[Shard]) -> str:
        return ""

    def about(self) -> dict[str, str]:
        description: dict[str, str] = _result(self._task(_about).remote(self._work))
        return description

    def render(self, shards: Sequence[Shard], renderer: dict[str, str], advance: Advance) -> None:
        work, tally = ray.put(self._work), self._tally()
        task, waiting = self._task(_render), iter(enumerate(shards))
        running: set[Any] = set()
        known: dict[int, Counts] = {}
        try:
            while True:
                while len(running) < WAITING and (item := next(waiting, None)) is not None:
                    running.add(task.remote(work, *item, renderer, tally))
                if not running:
                    return
                done, _ = ray.wait(list(running), num_returns=1, timeout=TICK)
                running -= set(done)
                finished = dict(_result(ref) for ref in done)
                _report(known, {**_result(tally.get.remote()), **finished}, advance)
        finally:
            for ref in running:
                ray.cancel(ref, force=True)
            ray.kill(tally)

    def _task(self, function: Any) -> Any:
        needs = {"num_cpus": self._work.workers * self._work.threads, "num_gpus": self._work.gpus}
        machines = [node["Resources"] for node in ray.nodes() if node["Alive"]]
        if not any(m.get("CPU", 0) >= needs["num_cpus"] and m.get("GPU", 0) >= needs["num_gpus"] for m in machines):
            raise UsageError(
                f"no machine of the Ray cluster has {needs['num_cpus']} CPUs and {needs['num_gpus']} GPUs: "
                "give fewer --workers or --threads, or another --device"
            )
        return ray.remote(function).options(**needs, max_retries=RETRIES)

    def _tally(self) -> Any:
        """Start the actor that counts progress, on the driver's machine: losing another machine does not end it."""
        strategy = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
        return ray.remote(_Tally).options(num_cpus=0, scheduling_strategy=strategy).remote()


class _Tally:
    """Progress of each shard's task."""

    def __init__(self) -> None:
        self._counts: dict[int, Counts] = {}

    def set(self, number: int, counts: Counts) -> None:
        self._counts[number] = counts

    def get(self) -> dict[int, Counts]:
        counts, self._counts = self._counts, {}
        return counts


def _knock(address: str) -> None:
    """Connect to HOST:PORT and disconnect: without an answer, Ray itself would wait for minutes and ignore Ctrl-C.

    Raises
    ------
    OSError, OverflowError : no answer, or the host or port does not exist.
    """
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if colon and port.isdecimal():
        socket.create_connection((host.strip("[]"), int(port)), CONNECT).close()


def _about(work: Work) -> dict[str, str]:
    with Local(work, {}) as engine:
        return engine.about()


def _render(work: Work, number: int, shard: Shard, renderer: dict[str, str], tally: Any) -> tuple[int, Counts]:
    counts = (0, 0)

    def advance(images: int, failed: int) -> None:
        nonlocal counts
        counts = counts[0] + images, counts[1] + failed
        tally.set.remote(number, counts)

    render_as(work, [shard], renderer, advance)
    return number, counts


def _report(known: dict[int, Counts], now: dict[int, Counts], advance: Advance) -> None:
    """Report new progress; a restarted task is reported again once it has rendered more images than before."""
    for number, (images, failed) in now.items():
        before = known.get(number, (0, 0))
        if images > before[0]:
            known[number] = images, max(failed, before[1])
            advance(images - before[0], known[number][1] - before[1])


def _result(ref: Any) -> Any:
    """Return a task's result; raise its error, or a WorkerError if it was lost too often."""
    try:
        return ray.get(ref)
    except RayTaskError as error:
        cause = error.cause
        if isinstance(cause, IebenchError):
            raise cause from None
        raise
    except RayError as error:
        raise WorkerError(f"a Ray task was lost {RETRIES + 1} times ({_loss(error)}): see Ray's logs") from error


def _loss(error: RayError) -> str:
    known = ((OutOfMemoryError, "out of memory"), (NodeDiedError, "its machine was lost"))
    return next((words for kind, words in known if isinstance(error, kind)), "its process was lost")
