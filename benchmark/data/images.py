"""Random access to the images of one split: Parquet gives each JPEG's position in its tar, threads read and decode."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import ArrayLike, NDArray

from iebench.manifests.common.machine import cores
from iebench.manifests.dataset import DatasetInfo, read_table, shard_tables
from iebench.manifests.folder.index import rows as columns

from ..errors import DatasetError
from .rows import rows_of, spread
from .tars import Tars, check_tar

CHUNK = 4  # images per task of a thread: few, so that all threads finish a batch together


@dataclass(frozen=True, eq=False)
class Images:
    """One split of a dataset.

    table : all rows, shards in order; see iebench.manifests.folder.index.rows
    latents : factor name -> (N,) float64, unit as in the recipe
    labels : (N,) int64
    objects : (N,) int64, 0 .. number of objects - 1; the rows of an object are contiguous, in the order of its views
    views_per_object : the same for every object
    threads : number of decoding threads; one per core of this process unless the machine is shared
    """

    info: DatasetInfo
    folder: Path
    split: str
    table: pa.Table
    latents: dict[str, NDArray[np.float64]]
    labels: NDArray[np.int64]
    objects: NDArray[np.int64]
    views_per_object: int
    threads: int
    tars: Tars

    @staticmethod
    def open(folder: Path, split: str, subset: int | None = None, threads: int | None = None) -> "Images":
        """Open a split after checking that tables, tars and dataset.json agree. No image is decoded yet.

        subset : number of objects, evenly spread over the split and thus over its classes; default: all
        threads : number of decoding threads; default: one per core

        Raises
        ------
        DatasetError : something is missing, truncated or inconsistent; names the file and the remedy.
        """
        info = DatasetInfo.load(folder)
        paths = _shards(folder, split, info)
        parts = [read_table(path, columns(info.recipe)) for path in paths]
        for path, part in zip(paths, parts, strict=True):
            check_tar(path.with_suffix(".tar"), part)
            check_values(path, part, info.recipe.factor_names)
        table = pa.concat_tables(parts).combine_chunks()
        _check_count(folder, split, info, table.num_rows)
        shard, views = np.repeat(np.arange(len(parts)), [part.num_rows for part in parts]), info.recipe.views
        objects = _objects(folder / split, table, views)
        if subset is not None:
            kept = spread(len(objects) // views, subset)
            rows = rows_of(kept, views)
            table, shard, objects = (
                table.take(rows).combine_chunks(),
                shard[rows],
                np.repeat(np.arange(len(kept)), views),
            )
        return Images(
            info=info,
            folder=folder,
            split=split,
            table=table,
            latents={name: table[name].to_numpy() for name in info.recipe.factor_names},
            labels=table["label"].to_numpy().astype(np.int64),
            objects=objects,
            views_per_object=views,
            threads=threads or cores(),
            tars=Tars(
                [path.with_suffix(".tar") for path in paths],
                shard,
                table["offset"].to_numpy(),
                table["size"].to_numpy(),
                table["sha256"],
                info.recipe.resolution,
                "BGR" if info.recipe.channel_order == "bgr" else "RGB",
            ),
        )

    @property
    def resolution(self) -> int:
        """Side of the stored images in pixels."""
        return self.info.recipe.resolution

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def read(self, rows: ArrayLike, size: int | None = None, out: NDArray[np.uint8] | None = None) -> NDArray[np.uint8]:
        """Decode images in parallel.

        Every image's SHA-256 is checked on its first read. Below the stored resolution, the JPEG is decoded at the
        smallest of its native scales (n/8) that is at least `size`; if that is larger than `size`, an antialiased
        bilinear resize follows.

        rows : (n,) whole numbers in [0, N), any order, repeats allowed
        size : side in pixels, at most the stored resolution (the default)
        out : array for the result; a new array by default
        returns : (n, size, size, 3) uint8, RGB whatever the recipe's channel_order

        Raises
        ------
        DatasetError : damaged bytes, or a size above the stored resolution.
        """
        size = size or self.resolution
        if size > self.resolution:
            raise DatasetError(
                f"{self.folder} holds images of {self.resolution} pixels, {size} were requested: choose at most "
                f"{self.resolution}, or render it larger"
            )
        indices = np.asarray(rows, np.int64)
        pixels = np.empty((len(indices), size, size, 3), np.uint8) if out is None else out
        left = iter(range(0, len(indices), CHUNK))  # shared: a free thread takes the next chunk, without waking another

        def work(_: int) -> None:
            for start in left:
                chunk = slice(start, start + CHUNK)
                self.tars.decode(indices[chunk], pixels[chunk])

        list(_pool(self.threads).map(work, range(self.threads)))
        return pixels


def check_values(path: Path, table: pa.Table, latents: Sequence[str]) -> None:
    """Check that a Parquet table has no missing values, only finite latents, and digests of 64 characters.

    Raises
    ------
    DatasetError : a row violates this; names the column and the image.
    """
    for name in table.column_names:
        wrong = pc.is_null(table[name])
        if name in latents:
            wrong = pc.or_kleene(wrong, pc.invert(pc.is_finite(table[name])))
        elif name.endswith("sha256"):
            wrong = pc.or_kleene(wrong, pc.not_equal(pc.binary_length(table[name]), 64))
        if pc.any(wrong).as_py():
            row = pc.index(wrong, True).as_py()
            raise DatasetError(
                f"{path}: {name} of image {table['key'][row].as_py()} is {table[name][row].as_py()}: restore it or "
                "render the dataset again"
            )


def _shards(folder: Path, split: str, info: DatasetInfo) -> list[Path]:
    """Return the split's Parquet files; checks that they are numbered without gaps and match dataset.json's count."""
    if split not in info.counts:
        raise DatasetError(f"{folder} has no {split} split: give another dataset")
    count = int(info.counts[split]["shards"])
    tables = {f"{split}/{path.stem}": path for path in shard_tables(folder, split)}
    stems = info.stems(split)
    for stem in stems:
        if stem not in tables:
            raise DatasetError(f"{folder / stem}.parquet is missing: restore it or render the dataset again")
    for stem, path in tables.items():
        if stem not in stems:
            raise DatasetError(f"{path} is not one of the {count} shards in {folder}/dataset.json: remove it")
    if not count:
        raise DatasetError(f"{folder} has no images in its {split} split: render more objects of each class")
    return [tables[stem] for stem in stems]


def _check_count(folder: Path, split: str, info: DatasetInfo, images: int) -> None:
    counted = int(info.counts[split]["images"])
    if images != counted:
        raise DatasetError(
            f"{folder / split} holds {images} images and dataset.json counts {counted}: restore or render it again"
        )
    if not images:
        raise DatasetError(f"{folder} has no images in its {split} split: render more objects of each class")


def _objects(folder: Path, table: pa.Table, views: int) -> NDArray[np.int64]:
    """Number the objects in order of appearance; checks that each has rows for views 0 .. views - 1 in that order."""
    names = pc.binary_join_element_wise(table["synset"], table["object_id"], "/").combine_chunks()
    index: NDArray[np.int64] = names.dictionary_encode().indices.to_numpy().astype(np.int64)
    expected = np.arange(len(index))
    if not (np.array_equal(index, expected // views) and np.array_equal(table["view"], expected % views)):
        raise DatasetError(
            f"the Parquet files in {folder} do not list {views} views of each object in order: render the dataset again"
        )
    return index


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    """Return the decoding threads, shared by all splits."""
    return ThreadPoolExecutor(threads, thread_name_prefix="decode")


os.register_at_fork(after_in_child=_pool.cache_clear)  # a forked process has none of the threads
