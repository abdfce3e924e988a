"""Engines: the machines on which shards are rendered. All engines get the same work and produce the same bytes.

An engine is a class with the methods of `Engine`, registered as an entry point of the group `iebench.engines`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol, Self

from iebench.manifests.installed.registry import Registry

from ..blender.devices import parse_device
from ..plan import Plan, Shard
from ..workers.worker import Setup

NEEDS = ("__enter__", "__exit__", "preview", "about", "render")


def _unseen(lines: Sequence[str]) -> None:
    """Show nothing."""


@dataclass(frozen=True)
class Advance:
    """Callbacks for progress.

    count : takes the number of images rendered or given up, and of failed objects, since the last call
    running : takes a line for each process of this machine about its present work
    """

    count: Callable[[int, int], None]
    running: Callable[[Sequence[str]], None] = _unseen

    def __call__(self, images: int, failed: int) -> None:
        """Call `count`."""
        self.count(images, failed)


@dataclass(frozen=True)
class Work:
    """All settings that an engine needs to render any shard of a plan, on any machine.

    plan : the plan; may be without objects, since the shards contain them
    out : folder or URL of the store, valid on every machine that renders
    workers : rendering processes per task of the engine, each with `threads` CPU threads
    patience : seconds after which an object's worker counts as hung
    memory : resident bytes that one worker may use; 0 for its share of the machine's memory
    """

    plan: Plan
    out: str
    workers: int
    threads: int
    device: str
    backend: str
    patience: float
    memory: int

    @property
    def setup(self) -> Setup:
        """Settings passed to each worker process."""
        plan = self.plan
        return Setup(self.backend, plan.recipe, plan.quality_settings, self.device, self.threads)

    @property
    def gpus(self) -> int:
        """Number of GPUs that one task of a cluster requests: one per device number, or 1 if only a type was given."""
        name, numbers = parse_device(self.device)
        return 0 if name in ("cpu", "auto") else max(1, len(numbers))


class Engine(Protocol):
    """A context manager that renders shards; everything it started has ended when the context ends."""

    def __init__(self, work: Work, options: Mapping[str, str]) -> None:
        """Read the engine's own options, as given on the command line.

        Raises
        ------
        UsageError : an option is unknown or unusable.
        """

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None: ...

    def preview(self, shards: Sequence[Shard]) -> str:
        """Return the text that `render` would submit to another program, for `--dry-run`; "" if there is none."""

    def about(self) -> dict[str, str]:
        """Start the renderer on a machine that will render; return its name, version and device, or raise its error."""

    def render(self, shards: Sequence[Shard], renderer: dict[str, str], advance: Advance) -> None:
        """Render and write all shards; every machine's renderer must have the description `renderer`, as from `about`.

        Raises
        ------
        IebenchError : an error that a retry cannot repair; finished shards stay.
        """


def _fault(engine: Any) -> str:
    lacking = [need for need in NEEDS if not callable(getattr(engine, need, None))]
    return f"has no {lacking[0]}" if lacking else ""


ENGINES: Registry[type[Engine]] = Registry("engine", "iebench.engines", fault=_fault)
