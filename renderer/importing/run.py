"""The main path of `iebench import`: plan -> the source's files, checked -> shards -> audit -> finished dataset."""

import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from pebble import ProcessPool

from iebench.manifests.common.progress import Meter
from iebench.manifests.common.space import require
from iebench.manifests.dataset import INFO, PLAN, DatasetInfo
from iebench.manifests.recipe import Recipe
from iebench.manifests.schema import SPLITS

from ..errors import SourceError
from ..estimate import expected_bytes
from ..output.claim import claim
from ..output.finish import finish, side_by_side
from ..output.shards import Outcome, shard_notes, write_shard
from ..output.store import LocalStore
from ..plan import Plan, Shard, part_paths
from .archive import Archive
from .audit import AUDIT, Audit, audit, commonest
from .folder import Folder
from .page import views_in_words
from .spool import Spool
from .unpack import Files, outcome

IMPORTED = {"name": "imported", "version": "as released", "device": "unknown"}


def import_dataset(plan: Plan, source: Path, out: Path, workers: int) -> tuple[DatasetInfo, Audit]:
    """Import a published dataset, unpacked or as an archive, into format 1 without encoding images again.

    Finished shards in `out` are kept. Shards in which an object could not be used are tried again, since the source may
    have been repaired. The dataset's bytes depend neither on the form and order of the source nor on the workers.

    source : a folder, a tar or a tar.gz; workers : processes that check and pack

    Raises
    ------
    DamagedSource : the source is damaged or truncated; finished shards stay.
    SourceError : the source is missing, has another layout, or contains no usable object; then `out` is left unchanged.
    OutputError : `out` contains another dataset or something else, or another run writes into it.
    DiskError : a file cannot be written; finished shards stay, and the same call continues.
    """
    if not source.exists():
        raise SourceError(f"no such file or folder: {source}; give the published folder, tar or tar.gz")
    store = LocalStore(out)
    with _new_folders(out), store.lock(), _claimed(store, plan):
        lacking, broken = incomplete(store, plan)
        if lacking:
            store.remove(INFO)  # a dataset that lost a shard is no longer finished
        todo = [*lacking, *broken]
        images = sum(len(shard.objects) for shard in todo) * plan.recipe.views
        if not todo and (out / AUDIT).is_file():
            return finish(plan, store, IMPORTED), Audit.load(out)
        require(out, images * expected_bytes(plan.recipe), f"an import of {images:,} images", "or choose another --out")
        with Spool(out) as spool, Meter("importing", plan.images, "images", plan.images - images) as meter:
            views = plan.recipe.views
            reader = Folder(source, views) if source.is_dir() else Archive(source, views, spool, meter)
            pack(reader.jobs(todo), out, plan.recipe, workers, meter)
        report = audit(plan, out, reader.census)
        if not report.images:
            raise _unusable(plan, source, out, report)
        store.remove(INFO)  # its checksums include the old audit
        report.save(out)
        return finish(plan, store, IMPORTED), report


def incomplete(store: LocalStore, plan: Plan) -> tuple[list[Shard], list[Shard]]:
    """Return the shards of a plan that are missing in a store, and those in which an object could not be used."""
    shards = plan.shards()
    notes = list(side_by_side(lambda shard: shard_notes(store, plan.recipe, shard), shards))
    lacking = [shard for shard, note in zip(shards, notes, strict=True) if note is None]
    failed = [shard for shard, note in zip(shards, notes, strict=True) if any(map(_failed, note or []))]
    return lacking, failed


def _failed(note: dict[str, Any]) -> bool:
    return bool(note["status"] == "failed")


@contextmanager
def _new_folders(folder: Path) -> Iterator[None]:
    """Remove folders made inside the block, if they are empty and the source proves unusable."""
    missing = []
    with suppress(OSError):  # making the folder later reports the error
        missing = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        yield
    except SourceError:
        _remove_empty(missing)
        raise


@contextmanager
def _claimed(store: LocalStore, plan: Plan) -> Iterator[None]:
    """Claim a store; release the claim if the source proves unusable before a shard is written."""
    claim(store, plan, IMPORTED)
    try:
        yield
    except SourceError:
        if store.sizes().keys() == {PLAN}:
            store.remove(PLAN)
            store.clean()
            _remove_empty([store.folder / split for split in SPLITS])
        raise


def _remove_empty(folders: Iterable[Path]) -> None:
    for folder in folders:
        with suppress(OSError):  # it is not empty, or does not exist
            folder.rmdir()


def _unusable(plan: Plan, source: Path, out: Path, report: Audit) -> SourceError:
    """Remove shards without images, which would block a corrected command; return the error about the source."""
    count, cause = commonest(plan, out)
    for path in (out / INFO, *(path for shard in plan.shards() for path in part_paths(out, shard))):
        path.unlink(missing_ok=True)
    return SourceError(
        f"{source} has no object that can be used as {plan.recipe.name}: {count:,} of {report.planned:,} have the "
        f"cause {cause!r}, and {views_in_words(report)}; give another name, source, --views, --resolution or --limit"
    )


def pack(
    jobs: Iterable[tuple[Shard, Callable[[], list[Files]]]], out: Path, recipe: Recipe, workers: int, meter: Meter
) -> None:
    """Check and write each shard in a worker process; at most two shards per worker are in work at a time."""
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
    """Read, check and write one shard; return the number of expected images.

    An existing shard is replaced only if the new shard is better, so an incomplete source never loses a valid object.
    """
    store = LocalStore(out)
    outcomes, before = [outcome(object_files, recipe) for object_files in files()], shard_notes(store, recipe, shard)
    if before is None or _improves(outcomes, before):
        store.remove(INFO)  # a dataset whose shard is replaced is not finished
        write_shard(out, recipe, shard, outcomes)
    return len(shard.objects) * recipe.views


def _improves(outcomes: Sequence[Outcome], before: Sequence[dict[str, Any]]) -> bool:
    """True if the status or cause of any object changes and no valid object is lost."""
    new, old = ([(o.status, o.cause) for o in outcomes], [(note["status"], note["cause"]) for note in before])
    lost = any(status == "failed" and previous != "failed" for (status, _), (previous, _) in zip(new, old, strict=True))
    return new != old and not lost
