"""The main path of `iebench import`: plan -> the source's files, checked -> shards -> audit -> finished dataset."""

import multiprocessing
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pebble import ProcessPool

from iebench.manifests.common.progress import Meter
from iebench.manifests.dataset import INFO, PLAN, DatasetInfo
from iebench.manifests.recipe import Recipe

from ..errors import SourceError
from ..finish import finish
from ..plan import Plan, Shard
from ..render import claim, unfinished
from ..shards import write_shard
from ..store import LocalStore
from .archive import Archive
from .audit import AUDIT, Audit, audit
from .folder import Folder
from .spool import Spool
from .unpack import Files, outcome

IMPORTED = {"name": "imported", "version": "as released", "device": "unknown"}


def import_dataset(plan: Plan, source: Path, out: Path, workers: int) -> tuple[DatasetInfo, Audit]:
    """Bring a published dataset, unpacked or as an archive, into format 1 without encoding a picture again.

    Goes on from whatever finished shards lie in `out`. The dataset's bytes depend on neither the source's form and
    order nor the workers.

    source : a folder, a tar or a tar.gz; workers : processes that check and pack

    Raises
    ------
    SourceError : it is not there, damaged, or not laid out like a published dataset.
    OutputError : `out` holds another dataset or something else, or another run writes into it.
    DiskError : a file cannot be written; what is finished stays, and the same call goes on.
    """
    if not source.exists():
        raise SourceError(f"no such file or folder: {source}; give the published folder, tar or tar.gz")
    store = LocalStore(out)
    with store.lock(), _claimed(store, {**plan.identity(), "renderer": IMPORTED}):
        todo = unfinished(store, plan)
        if not todo and (out / AUDIT).is_file():
            return finish(plan, store, IMPORTED), Audit.load(out)
        store.remove(INFO)  # a dataset that lost a shard is no longer finished
        done = plan.images - sum(len(s.objects) for s in todo) * plan.recipe.views
        with Spool(out) as spool, Meter("importing", plan.images, "images", done) as meter:
            views = plan.recipe.views
            reader = Folder(source, views) if source.is_dir() else Archive(source, views, spool, meter)
            pack(reader.jobs(todo), out, plan.recipe, workers, meter)
        found = audit(plan, out, reader.census)
        found.save(out)
        return finish(plan, store, IMPORTED), found


@contextmanager
def _claimed(store: LocalStore, identity: dict[str, Any]) -> Iterator[None]:
    """Claim a store; where the source proves useless before anything was made of it, the claim is given up."""
    claim(store, identity)
    try:
        yield
    except SourceError:
        if store.sizes().keys() == {PLAN}:
            store.remove(PLAN)
        raise


def pack(
    jobs: Iterable[tuple[Shard, Callable[[], list[Files]]]], out: Path, recipe: Recipe, workers: int, meter: Meter
) -> None:
    """Check and write each shard in a worker process, no more than two for each worker at a time."""
    context = multiprocessing.get_context("spawn")
    with ProcessPool(workers, context=context) as pool:
        try:
            running: set[Future[int]] = set()
            for shard, files in jobs:
                running.add(pool.schedule(make_shard, args=[out, recipe, shard, files]))
                if len(running) == 2 * workers:
                    running -= _finished(running, meter)
            while running:
                running -= _finished(running, meter)
        except BaseException:
            pool.stop()  # type: ignore[no-untyped-call]
            raise


def _finished(running: set[Future[int]], meter: Meter) -> set[Future[int]]:
    done = wait(running, return_when=FIRST_COMPLETED).done
    for future in done:
        meter.advance(future.result())
    return done


def make_shard(out: Path, recipe: Recipe, shard: Shard, files: Callable[[], list[Files]]) -> int:
    """Read, check and write one shard; returns how many images were looked for."""
    write_shard(out, recipe, shard, [outcome(found, recipe) for found in files()])
    return len(shard.objects) * recipe.views
