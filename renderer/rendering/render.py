"""The main path of `iebench render`: plan -> shards rendered by an engine -> finished dataset."""

from collections.abc import Mapping
from pathlib import Path

from iebench.manifests.common.progress import Meter
from iebench.manifests.dataset import INFO, DatasetInfo

from ..blender.interface import BLENDER
from ..engines import ENGINES, Work
from ..machine.interrupts import second_interrupt_ends
from ..output.claim import claim
from ..output.finish import finish, side_by_side
from ..output.shards import shard_notes
from ..output.store import Store, open_store
from ..plan import Plan, Shard, hang_after


def render_dataset(
    plan: Plan, out: Path | str, workers: int, device: str = "cpu", threads: int = 1, backend: str = BLENDER,
    patience: float = 0.0, memory: int = 0, engine: str = "local", options: Mapping[str, str] | None = None,
) -> DatasetInfo:  # fmt: skip
    """Render a plan into the folder or URL `out`; finished shards that are already there are kept.

    It calls `prepare` and then `render_work`, which describe the arguments.
    """
    return render_work(plan, prepare(plan, out, workers, device, threads, backend, patience, memory), engine, options)


def prepare(
    plan: Plan, out: Path | str, workers: int, device: str = "cpu", threads: int = 1, backend: str = BLENDER,
    patience: float = 0.0, memory: int = 0,
) -> Work:  # fmt: skip
    """Return the settings that an engine needs.

    workers : processes (per task on a cluster), each with `threads` CPU threads; neither changes the dataset's bytes
    patience : seconds after which an object's worker counts as hung; 0 for a default from the plan's expected time
    memory : resident bytes that one worker may take; 0 for its share of the machine's memory
    """
    if not patience:
        most = max(map(plan.view_count, plan.objects), default=0)
        patience = hang_after(most, plan.quality_settings, plan.recipe.resolution)
    place = str(out) if "://" in str(out) else str(Path(out).absolute())
    return Work(plan.without_objects(), place, workers, threads, device, backend, patience, memory)


def render_work(plan: Plan, work: Work, engine: str = "local", options: Mapping[str, str] | None = None) -> DatasetInfo:
    """Render a plan with an engine and finish the dataset; the choice of engine does not change the dataset's bytes.

    options : options of the engine

    Raises
    ------
    OutputError : the output contains another dataset or something else, or another run writes into it.
    MissingPart, DeviceError : the renderer or the engine cannot start.
    DiskError : a file cannot be written; finished shards stay, and the same call continues.
    """
    store = open_store(work.out)
    with second_interrupt_ends(), ENGINES[engine](work, options or {}) as machines:
        renderer = machines.about()
        with store.lock():
            claim(store, plan, renderer)
            todo = unfinished(store, plan)
            if todo:
                store.remove(INFO)  # a dataset that lost a shard is no longer finished
            failures, left = 0, sum(plan.view_count(ref) for shard in todo for ref in shard.objects)
            with Meter("rendering", plan.images, "images", plan.images - left) as meter:

                def advance(images: int, failed: int) -> None:
                    nonlocal failures
                    failures += failed
                    meter.advance(images, f"{failures} objects failed" if failures else "")

                if todo:
                    machines.render(todo, renderer, advance)
                    store.clean()  # removes partial files of tasks that were killed while writing
            return finish(plan, store, renderer)


def unfinished(store: Store, plan: Plan) -> list[Shard]:
    """Return the shards of a plan that a store lacks."""
    shards = plan.shards()
    notes = side_by_side(lambda shard: shard_notes(store, plan.recipe, shard), shards)
    return [shard for shard, note in zip(shards, notes, strict=True) if note is None]
