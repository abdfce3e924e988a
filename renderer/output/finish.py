"""Last step of a dataset whose shards are complete: its tables, its card, SHA256SUMS and dataset.json."""

import hashlib
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from iebench.manifests import schema
from iebench.manifests.common.files import save_atomic
from iebench.manifests.dataset import INFO, PLAN, DatasetInfo, fingerprint

from ..card import write_card
from ..plan import Plan, Shard
from .shards import Finished, read_shard
from .store import Store

AHEAD = 16  # number of shards read concurrently

T = TypeVar("T")


class _Census:
    """Outcomes of all objects, added shard by shard; columns, because lists for twenty million need too much memory."""

    def __init__(self) -> None:
        self.objects: list[pa.Table] = []
        self.failed: list[dict[str, Any]] = []
        self.made, self.images = Counter[str](), Counter[str]()  # by split
        self.classes: set[str] = set()
        self.sums: dict[str, str] = {}
        self.sizes: dict[str, int] = {}

    def add(self, shard: Finished) -> None:
        self.objects.append(_table(shard.notes, schema.OBJECTS))
        self.sums |= shard.sha256
        self.sizes |= shard.sizes
        for note in shard.notes:
            self.classes.add(note["synset"])
            if note["status"] == "failed":
                self.failed.append(note)
            else:
                self.made[note["split"]] += 1
                self.images[note["split"]] += note["views"]


def finish(plan: Plan, store: Store, renderer: dict[str, str]) -> DatasetInfo:
    """Write the tables and the card of a dataset whose shards are complete, dataset.json last."""
    shards, census = plan.shards(), _Census()

    def rows() -> Iterator[pa.Table]:
        for finished in side_by_side(lambda shard: read_shard(store, shard), shards):
            census.add(finished)
            yield finished.rows

    digest = fingerprint(plan.recipe, rows())
    with store.open(PLAN) as file:
        census.sums[PLAN] = hashlib.sha256(file.read()).hexdigest()
    counts: dict[str, Any] = {
        split: {
            "objects": census.made[split],
            "images": census.images[split],
            "shards": sum(shard.split == split for shard in shards),
        }
        for split in schema.SPLITS
    }
    info = DatasetInfo(
        recipe=plan.recipe,
        source=plan.source,
        seed=None if plan.view_table else plan.seed,
        latents=plan.latents,
        quality=plan.quality,
        renderer=renderer,
        counts={**counts, "classes": len(census.classes), "failures": len(census.failed)},
        fingerprint=digest,
        licence=plan.licence,
    )
    with store.writing(last=INFO) as folder:
        _write(folder / "objects.parquet", pa.concat_tables([_table([], schema.OBJECTS), *census.objects]))
        _write(folder / "failures.parquet", _table(census.failed, schema.FAILURES))
        write_card(folder, info, census.sums, census.sizes)
        info.save(folder, known=census.sums)
    return info


def side_by_side(look: Callable[[Shard], T], shards: Iterable[Shard]) -> Iterator[T]:
    """Yield `look(shard)` in order, several computed at a time: a slow cloud store serves many requests at once."""
    with ThreadPoolExecutor(AHEAD) as threads:
        ahead: deque[Future[T]] = deque()
        for shard in shards:
            ahead.append(threads.submit(look, shard))
            if len(ahead) > AHEAD:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()


def _table(notes: list[dict[str, Any]], columns: pa.Schema) -> pa.Table:
    return pa.Table.from_pylist([{name: note.get(name) for name in columns.names} for note in notes], columns)


def _write(path: Path, table: pa.Table) -> None:
    combined = table.combine_chunks()
    save_atomic(path, lambda partial: pq.write_table(combined, partial, compression="zstd"))
