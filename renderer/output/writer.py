"""Write shards while the next shards are rendered."""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self

from iebench.manifests.recipe import Recipe

from ..plan import Shard
from .shards import Outcome, write_shard
from .store import Store


class Writer:
    """Writes one shard at a time in a separate thread; a second shard waits, so that memory stays bounded.

    A context manager: when the context ends, all shards passed to it are in the store, also after Ctrl-C.
    """

    def __init__(self, store: Store, recipe: Recipe) -> None:
        self._store, self._recipe = store, recipe
        self._thread = ThreadPoolExecutor(1, "iebench-writer")
        self._last: Future[None] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._thread.shutdown()
        if error is None:
            self._settle()

    def write(self, shard: Shard, outcomes: Sequence[Outcome]) -> None:
        """Start writing a shard once the previous one is written.

        Raises
        ------
        DiskError : the previous shard could not be written.
        """
        self._settle()
        self._last = self._thread.submit(self._write, shard, outcomes)

    def _settle(self) -> None:
        if self._last is not None:
            self._last.result()

    def _write(self, shard: Shard, outcomes: Sequence[Outcome]) -> None:
        with self._store.writing(last=f"{shard.stem}.parquet") as folder:
            write_shard(folder, self._recipe, shard, outcomes)
