"""The main path of `iebench render`: plan -> objects rendered in worker processes -> shards -> finished dataset."""

import json
import multiprocessing
from collections import deque
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures import TimeoutError as PoolTimeout
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pebble import ProcessExpired, ProcessPool

from iebench.manifests import schema
from iebench.manifests.common.files import PARTIAL, save_atomic, write_atomic
from iebench.manifests.common.progress import Meter
from iebench.manifests.dataset import INFO, PLAN, DatasetInfo, fingerprint

from . import worker
from .backend import BLENDER
from .card import write_card
from .errors import IebenchError, OutputError
from .plan import Plan, Shard, expected_core_seconds, identity_differences
from .shards import Outcome, read_rows, shard_notes, tar_sha256, write_shard

TRIES = 2  # an object whose worker crashes or hangs gets one more


def render_dataset(
    plan: Plan, out: Path, workers: int, device: str = "cpu", threads: int = 1, backend: str = BLENDER,
    patience: float | None = None,
) -> DatasetInfo:  # fmt: skip
    """Render a plan into the folder `out`, going on from whatever finished shards lie there.

    workers : processes, each with `threads` CPU threads; neither changes a byte of the dataset
    patience : seconds after which an object's worker counts as hung; default from the plan's expected time

    Raises
    ------
    OutputError : `out` holds another dataset or something else.
    MissingPart, DeviceError : the renderer cannot start.
    DiskError : a file cannot be written; what is finished stays, and the same call goes on.
    """
    setup = worker.Setup(backend, plan.recipe, plan.quality_settings, device, threads)
    if patience is None:
        most = max(map(plan.view_count, plan.objects), default=0)
        patience = 120 + 30 * most * expected_core_seconds(setup.quality, plan.recipe.resolution)
    context = multiprocessing.get_context("spawn")  # bpy does not survive a fork
    with ProcessPool(workers, context=context, initializer=worker.start, initargs=[setup]) as pool:
        try:
            renderer = pool.schedule(worker.about).result()
            open_folder(out, {**plan.identity(), "renderer": renderer})
            todo = [shard for shard in plan.shards() if shard_notes(out, plan.recipe, shard) is None]
            if todo:
                (out / INFO).unlink(missing_ok=True)  # a dataset that lost a shard is no longer finished
            done = plan.images - sum(plan.view_count(ref) for shard in todo for ref in shard.objects)
            with Meter("rendering", plan.images, "images", done) as meter:
                for shard, outcomes in render_shards(pool, plan, todo, workers, patience, meter):
                    write_shard(out, plan.recipe, shard, outcomes)
        except BaseException:
            pool.stop()  # type: ignore[no-untyped-call]
            raise
    return finish(plan, out, renderer)


def open_folder(out: Path, identity: dict[str, Any]) -> None:
    """Claim `out` for a plan, or recognise it as this plan's own.

    Raises
    ------
    OutputError : it holds another plan (says what differs), or files that are no dataset.
    """
    if (out / PLAN).is_file():
        differences = identity_differences(json.loads((out / PLAN).read_text(encoding="utf-8")), identity)
        if differences:
            shown = "; ".join(differences[:4]) + ("; ..." if len(differences) > 4 else "")
            raise OutputError(f"{out} holds another dataset: {shown}. Choose another --out, or remove that folder")
    elif out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise OutputError(f"{out} is not empty and holds no dataset: choose another --out")
    write_atomic(out / PLAN, json.dumps(identity, indent=2) + "\n")
    for leftover in out.rglob(f"*{PARTIAL}*"):
        leftover.unlink()


def render_shards(
    pool: ProcessPool, plan: Plan, shards: list[Shard], workers: int, patience: float, meter: Meter
) -> Iterator[tuple[Shard, list[Outcome]]]:
    """Render the objects of `shards` in order, and yield each shard as soon as its last object is in."""
    queue = deque((s, i, 1) for s, shard in enumerate(shards) for i in range(len(shard.objects)))
    results: dict[int, dict[int, Outcome]] = {}
    running: dict[Future[Outcome], tuple[int, int, int]] = {}
    failures = 0
    while queue or running:
        while queue and len(running) < 2 * workers:  # one running and one waiting for each worker
            s, i, attempt = queue.popleft()
            ref = shards[s].objects[i]
            future: Future[Outcome] = pool.schedule(worker.render_object, args=[ref, plan.views(ref)], timeout=patience)
            running[future] = (s, i, attempt)
        for future in wait(running, return_when=FIRST_COMPLETED).done:
            s, i, attempt = running.pop(future)
            outcome = _outcome(future)
            if outcome is None and attempt < TRIES:
                queue.appendleft((s, i, attempt + 1))
                continue
            if outcome is None:
                outcome = Outcome.failed(_cause(future, patience))
            failures += outcome.status == "failed"
            meter.advance(plan.view_count(shards[s].objects[i]), f"{failures} objects failed" if failures else "")
            results.setdefault(s, {})[i] = outcome
            if len(results[s]) == len(shards[s].objects):
                ready = results.pop(s)
                yield shards[s], [ready[k] for k in range(len(ready))]


def _outcome(future: Future[Outcome]) -> Outcome | None:
    """What a worker returned; None when it crashed, hung or raised something unforeseen."""
    error = future.exception()
    if isinstance(error, IebenchError):
        raise error
    return None if error is not None else future.result()


def _cause(future: Future[Outcome], patience: float) -> str:
    error = future.exception()
    if isinstance(error, PoolTimeout):
        return f"the renderer hung: no result after {patience:.0f} s, {TRIES} times"
    if isinstance(error, ProcessExpired):
        return f"the renderer crashed (exit code {error.exitcode}), {TRIES} times"
    return f"the renderer failed with {type(error).__name__}: {error}"


def finish(plan: Plan, out: Path, renderer: dict[str, str]) -> DatasetInfo:
    """Write the tables and the card of a dataset whose shards are all there, dataset.json last."""
    shards = plan.shards()
    notes = [note for shard in shards for note in shard_notes(out, plan.recipe, shard) or []]
    failed = [note for note in notes if note["status"] == "failed"]
    _write(out / "objects.parquet", notes, schema.OBJECTS)
    _write(out / "failures.parquet", failed, schema.FAILURES)
    made = {split: [n for n in notes if n["split"] == split and n["status"] != "failed"] for split in schema.SPLITS}
    counts: dict[str, Any] = {
        split: {
            "objects": len(made[split]),
            "images": sum(note["views"] for note in made[split]),
            "shards": sum(shard.split == split for shard in shards),
        }
        for split in schema.SPLITS
    }
    info = DatasetInfo(
        recipe=plan.recipe,
        source=plan.source,
        seed=None if plan.given else plan.seed,
        latents=plan.latents,
        quality=plan.quality,
        renderer=renderer,
        counts={**counts, "classes": len({n["synset"] for n in notes}), "failures": len(failed)},
        fingerprint=fingerprint(plan.recipe, (read_rows(out, shard) for shard in shards)),
        licence=plan.licence,
    )
    known = {f"{shard.stem}.tar": tar_sha256(out, shard) for shard in shards}
    write_card(out, info, known)
    info.save(out, known)
    return info


def _write(path: Path, notes: list[dict[str, Any]], columns: pa.Schema) -> None:
    table = pa.Table.from_pylist([{name: note[name] for name in columns.names} for note in notes], columns)
    save_atomic(path, lambda partial: pq.write_table(table, partial, compression="zstd"))
