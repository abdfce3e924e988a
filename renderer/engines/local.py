"""Engine of one machine: worker processes render objects, and each shard is written when all its objects are rendered.

The other engines run this engine on their machines (`render_as`).
"""

import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from iebench.manifests.dataset import PLAN
from iebench.manifests.installed.parts import require

from ..blender.interface import BLENDER
from ..errors import DeviceError, OutputError, UsageError
from ..machine.memory import worker_memory
from ..machine.scratch import scratch
from ..output.shards import Outcome
from ..output.store import Store, open_store
from ..output.writer import Writer
from ..plan import Plan, Shard
from ..sources import ObjectRef
from ..workers import worker
from ..workers.pool import Lost, Pool, Running
from . import Advance, Work


class Local:
    """Engine of one machine, as described in the module's docstring."""

    def __init__(self, work: Work, options: Mapping[str, str]) -> None:
        if options:
            raise UsageError(f"--engine local takes no {', '.join(options)}: leave it out")
        if work.backend == BLENDER:
            require("bpy")
        self._work = work

    def __enter__(self) -> Self:
        work = self._work
        memory = work.memory or worker_memory(work.workers, work.threads)
        with ExitStack() as stack:
            folder = stack.enter_context(scratch())
            self._pool = stack.enter_context(Pool(work.workers, work.setup, work.patience, memory, folder))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._stack.__exit__(kind, error, tb)

    def preview(self, shards: Sequence[Shard]) -> str:
        return ""

    def about(self) -> dict[str, str]:
        return self._pool.call(worker.about)

    def render(self, shards: Sequence[Shard], renderer: dict[str, str], advance: Advance) -> None:
        store: Store = open_store(self._work.out)
        plan = self._work.plan
        rendered: dict[int, dict[int, Outcome]] = {}
        tasks = (
            ((s, i), (ref, plan.views(ref))) for s, shard in enumerate(shards) for i, ref in enumerate(shard.objects)
        )
        with Writer(store, plan.recipe) as writer:

            def watch(running: Sequence[Running[tuple[int, int]]]) -> None:
                advance.running([_line(plan, shards[task.key[0]].objects[task.key[1]], task) for task in running])

            for (s, i), result in self._pool.run(worker.render_all, tasks, watch):
                outcome = Outcome.failed(result.cause) if isinstance(result, Lost) else result
                advance(plan.view_count(shards[s].objects[i]), int(outcome.status == "failed"))
                rendered.setdefault(s, {})[i] = outcome
                if len(rendered[s]) == len(shards[s].objects):
                    ready = rendered.pop(s)
                    writer.write(shards[s], [ready[k] for k in range(len(ready))])


def _line(plan: Plan, ref: ObjectRef, task: Running[tuple[int, int]]) -> str:
    """Return the line about a worker: its object, the view that it renders, and its seconds with the object."""
    count = plan.view_count(ref)
    return f"{ref.class_name} {ref.object_id}, view {min(task.views + 1, count)} of {count}, {task.seconds:.0f} s"


def render_as(
    work: Work, shards: Sequence[Shard], renderer: dict[str, str], advance: Callable[[int, int], None]
) -> None:
    """Render shards on one of several machines, if the machine can read the store and has the same renderer.

    Raises
    ------
    OutputError, DeviceError : the machine cannot read the store, or its renderer differs.
    """
    machine = socket.gethostname()
    if open_store(work.out).size(PLAN) is None:
        raise OutputError(f"{machine} does not see {work.out}: give --out a folder that all machines share, or a URL")
    with Local(work, {}) as engine:
        own = engine.about()
        if own != renderer:
            raise DeviceError(
                f"{machine} renders with {own}, but the dataset with {renderer}: use machines of the same kind"
            )
        engine.render(shards, renderer, Advance(advance))
