"""The main path of `iebench render`: request -> plan -> shards rendered by an engine -> finished dataset."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from iebench.manifests.common.progress import Meter, say
from iebench.manifests.common.space import require
from iebench.manifests.dataset import INFO, DatasetInfo

from ..blender.interface import BLENDER
from ..engines import ENGINES, Advance, Work
from ..estimate import expected_bytes
from ..machine.interrupts import second_interrupt_ends
from ..output.claim import claim
from ..output.finish import finish, side_by_side
from ..output.shards import shard_notes
from ..output.store import LocalStore, Store, open_store
from ..plan import Plan, Shard
from .planning import RenderJob, planned, prepare
from .rendered import RenderedDataset
from .request import RenderRequest, called_with

SMALLER = "choose another --out, or render fewer views or objects, or smaller pictures"


@called_with(RenderRequest)
def render(request: RenderRequest) -> RenderedDataset:
    """Render a dataset with Blender, as `iebench render` does; the arguments are the fields of `RenderRequest`.

    After an interruption, the same call renders the missing shards.

    >>> dataset = render(out="data/mine", classes=5, objects_per_class=4, resolution=64)  # doctest: +SKIP

    Raises
    ------
    UsageError : a request that cannot be planned (see `planned`), or an output that contains something else.
    MissingPart, DeviceError, DiskError : see `render_work`.
    """
    return render_job(planned(request))


def render_job(job: RenderJob) -> RenderedDataset:
    """Render the dataset of a job; `iebench render` calls this function too.

    Raises
    ------
    IebenchError : see `render_work`.
    """
    start = time.monotonic()
    for line in job.introduction if job.progress else ():
        say(line)
    info = render_work(job.plan, job.work, job.engine, job.options, job.progress)
    folder = job.out if "://" in job.out else Path(job.out)
    return RenderedDataset(folder, info, time.monotonic() - start, job.notes)


def render_dataset(
    plan: Plan, out: Path | str, workers: int, device: str = "cpu", threads: int = 1, backend: str = BLENDER,
    patience: float = 0.0, memory: int = 0, engine: str = "local", options: Mapping[str, str] | None = None,
) -> DatasetInfo:  # fmt: skip
    """Render a plan into the folder or URL `out`; finished shards that are already there are kept.

    It calls `prepare` and then `render_work`, which describe the arguments.
    """
    return render_work(plan, prepare(plan, out, workers, device, threads, backend, patience, memory), engine, options)


def render_work(
    plan: Plan, work: Work, engine: str = "local", options: Mapping[str, str] | None = None, progress: bool = True
) -> DatasetInfo:
    """Render a plan with an engine and finish the dataset; the choice of engine does not change the dataset's bytes.

    options : options of the engine; progress : True to show progress on standard error

    Raises
    ------
    OutputError : the output contains another dataset or something else, or another run writes into it.
    MissingPart, DeviceError : the renderer or the engine cannot start.
    DiskError : a file cannot be written, or the disk has no room; finished shards stay, and the same call continues.
    """
    store = open_store(work.out)
    with second_interrupt_ends(), ENGINES[engine](work, options or {}) as machines:
        renderer = machines.about()
        with store.lock():
            claim(store, plan, renderer)
            todo = unfinished(store, plan)
            if todo:
                _check_space(store, plan, todo)
                store.remove(INFO)  # a dataset that lost a shard is no longer finished
            failures, missing = 0, sum(plan.view_count(ref) for shard in todo for ref in shard.objects)
            with Meter("rendering", plan.images, "images", plan.images - missing, progress) as meter:

                def advance(images: int, failed: int) -> None:
                    nonlocal failures
                    failures += failed
                    meter.advance(images, f"{failures} objects failed" if failures else "")

                if todo:
                    machines.render(todo, renderer, Advance(advance, meter.below))
                    store.clean()  # removes partial files of tasks that were killed while writing
            return finish(plan, store, renderer)


def _check_space(store: Store, plan: Plan, todo: Sequence[Shard]) -> None:
    """Check that the disk of a local dataset has room for the missing shards."""
    if isinstance(store, LocalStore):
        images = sum(plan.view_count(ref) for shard in todo for ref in shard.objects)
        require(store.folder, images * expected_bytes(plan.recipe), f"this plan of {images:,} more images", SMALLER)


def unfinished(store: Store, plan: Plan) -> list[Shard]:
    """Return the shards of a plan that a store lacks."""
    shards = plan.shards()
    notes = side_by_side(lambda shard: shard_notes(store, plan.recipe, shard), shards)
    return [shard for shard, note in zip(shards, notes, strict=True) if note is None]
