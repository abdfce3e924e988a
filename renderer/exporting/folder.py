"""The main path of `iebench export sie-folder`: a dataset -> pictures and latents as files -> index files."""

import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from iebench.manifests.common.causes import read_failure
from iebench.manifests.common.files import on_disk, own_folder, write_atomic
from iebench.manifests.common.progress import Meter
from iebench.manifests.common.space import require
from iebench.manifests.conventions import ANGLES
from iebench.manifests.dataset import INFO, DatasetInfo, checksums, read_table
from iebench.manifests.folder.checksums import SUMS, file_sha256, read_sums
from iebench.manifests.folder.index import rows
from iebench.manifests.schema import SPLITS, position_columns

from ..errors import DatasetError, OutputError
from ..importing.published import file_name
from ..output.lock import LOCK, locked
from .layout import OWN, index_paths, latent_file, object_folder, picture_name

MEND = "restore it, or render the dataset again"
RELEASED_VIEWS = 50  # number of views, a constant in the loaders of SIE and EquiCaps
BLOCK = 4096  # bytes that a small file takes in most file systems


@dataclass(frozen=True)
class Export:
    """A dataset and the folder to export it to.

    sums : SHA-256 of every file of the dataset, by path
    """

    dataset: Path
    out: Path
    info: DatasetInfo
    sums: dict[str, str]

    @staticmethod
    def of(dataset: Path, out: Path) -> "Export":
        """Open a dataset.

        Raises
        ------
        DatasetError : it is missing, not finished or damaged.
        OutputError : `out` contains something else.
        """
        info = DatasetInfo.load(dataset)
        export = Export(dataset, out, info, read_sums(dataset, checksums(dataset)))
        export.check()
        return export

    def check(self) -> None:
        """Check that the output is missing, empty, or an export of this dataset.

        Raises
        ------
        OutputError : the output contains something else.
        """
        try:
            names = {path.name for path in self.out.iterdir()} - {LOCK} if self.out.exists() else set()
        except OSError as error:
            raise OutputError(f"{self.out} is not a folder that can be read: choose another output") from error
        if not names:
            return
        if not (self.out / OWN / INFO).is_file():
            raise OutputError(f"{self.out} is not empty and holds no export: choose another output")
        if DatasetInfo.load(self.out / OWN).fingerprint != self.info.fingerprint:
            raise OutputError(f"{self.out} holds an export of another dataset: choose another output, or remove it")

    @property
    def images(self) -> int:
        """Number of images."""
        return sum(int(self.info.counts[split]["images"]) for split in SPLITS)

    @property
    def files(self) -> int:
        """Number of files of pictures and latents."""
        return self.images * (2 + len(self.info.recipe.pass_files))

    @property
    def bytes(self) -> int:
        """Approximate space on disk: the tars' content, a block for each view's latents, half a block lost per file."""
        tars = sum((self.dataset / f"{stem}.tar").stat().st_size for stem in self.info.stems())
        return tars + self.images * BLOCK + self.files * BLOCK // 2

    def notes(self) -> Iterator[str]:
        """Yield one sentence for each assumption of the authors' scripts that this dataset does not meet."""
        recipe = self.info.recipe
        if recipe.views != RELEASED_VIEWS:
            yield (
                f"the scripts of SIE and EquiCaps read views 0 to {RELEASED_VIEWS - 1} of each object, but this "
                f"dataset has {recipe.views}: change that number in their loaders, or render with --views "
                f"{RELEASED_VIEWS}"
            )
        if tuple(recipe.factor_names[:3]) != tuple(ANGLES):
            yield (
                f"the scripts expect the angles {', '.join(ANGLES)} as the first three latents, but those of this "
                f"dataset are {', '.join(recipe.factor_names[:3])}"
            )
        if recipe.channel_order == "rgb":
            yield (
                "the published pictures have red and blue exchanged, but these do not: for released weights, render "
                "with --recipe 3diebench-as-released"
            )


def write_folder(export: Export) -> None:
    """Write the folder; an interrupted export continues with the missing shards.

    Raises
    ------
    DatasetError : a file of the dataset is damaged.
    DiskError, OutputError : the folder cannot be written or its disk has no room, or another process writes it.
    """
    with locked(export.out):
        export.check()
        shards = {f"{stem}{suffix}" for stem in export.info.stems() for suffix in (".tar", ".parquet")}
        own_folder(export.out / OWN)
        for name in (INFO, SUMS, *(name for name in export.sums if name not in shards)):
            copied(export.dataset, export.out / OWN, name, export.sums.get(name))
        for split in SPLITS:
            _remove_index(export.out, split)
        left = share_left(export.info, export.out / OWN)
        purpose = f"a folder of {round(left * export.files):,} more files"
        require(export.out, round(left * export.bytes), purpose, "or choose another output")
        with Meter("exporting", export.images, "images") as meter:
            for split in SPLITS:
                _write_index(export, split, [_write_shard(export, stem, meter) for stem in export.info.stems(split)])


def share_left(info: DatasetInfo, folder: Path) -> float:
    """Return the share of a dataset's shards, 0 to 1, whose Parquet, which is written last, a folder lacks."""
    stems = list(info.stems())
    return sum(not (folder / f"{stem}.parquet").is_file() for stem in stems) / max(len(stems), 1)


def copied(source: Path, target: Path, name: str, sha256: str | None) -> None:
    """Copy a file of a dataset's folder to another folder, complete or not at all; an intact copy is kept.

    sha256 : expected SHA-256; None for any

    Raises
    ------
    DatasetError : the file cannot be read, or has another SHA-256.
    """
    try:
        content = (source / name).read_bytes()
    except OSError as error:
        raise DatasetError(read_failure(source / name, error, MEND)) from error
    if sha256 is not None and hashlib.sha256(content).hexdigest() != sha256:
        raise DatasetError(f"{source / name} is damaged (it has another SHA-256 than in {SUMS}): {MEND}")
    if not ((target / name).is_file() and (target / name).read_bytes() == content):
        write_atomic(target / name, content)


def _write_shard(export: Export, stem: str, meter: Meter) -> pa.Table:
    """Write the files of a shard, and last its Parquet, which marks them as written; return the Parquet's table."""
    table = read_table(export.dataset / f"{stem}.parquet", rows(export.info.recipe))
    written = export.out / OWN / f"{stem}.parquet"
    if not (written.is_file() and file_sha256(written) == export.sums[f"{stem}.parquet"]):
        for row, files in _files(export, stem, table):
            folder = export.out / object_folder(row)
            own_folder(folder)
            for name, content in files.items():
                with on_disk(folder / name):
                    (folder / name).write_bytes(content)
        copied(export.dataset, export.out / OWN, f"{stem}.parquet", export.sums[f"{stem}.parquet"])
    meter.advance(table.num_rows)
    return table


def _files(export: Export, stem: str, table: pa.Table) -> Iterator[tuple[dict[str, Any], dict[str, bytes]]]:
    """Yield each row of a shard with its files by name.

    Raises
    ------
    DatasetError : the tar cannot be read, or has another SHA-256.
    """
    tar, recipe = export.dataset / f"{stem}.tar", export.info.recipe
    try:
        if file_sha256(tar) != export.sums[f"{stem}.tar"]:
            raise DatasetError(f"{tar} is damaged (it has another SHA-256 than in {SUMS}): {MEND}")
        with tar.open("rb") as file:
            for row in table.to_pylist():
                latents = [row[name] for name in recipe.factor_names]
                files = {file_name("latent", row["view"]): latent_file(latents)}
                for pass_name in ("", *recipe.pass_files):
                    offset, size, _ = (row[column] for column in position_columns(pass_name))
                    file.seek(offset)
                    files[picture_name(pass_name, row["view"])] = file.read(size)
                yield row, files
    except OSError as error:
        raise DatasetError(read_failure(tar, error, MEND)) from error


def _write_index(export: Export, split: str, tables: list[pa.Table]) -> None:
    """Write a split's index files."""
    recipe = export.info.recipe
    first: dict[str, int] = {}
    for table in tables:
        columns = ("synset", "object_id", "label")
        for synset, object_id, label in zip(*(table[column].to_pylist() for column in columns), strict=True):
            first.setdefault(f"/{synset}/{object_id}/", label)
    latents = [np.column_stack([table[name].to_numpy() for name in recipe.factor_names]) for table in tables]
    empty = np.empty((0, len(recipe.factors)))
    arrays: dict[str, NDArray[Any]] = {
        "images": np.array(list(first), np.str_),
        "labels": np.array(list(first.values()), np.int64),
        "latents": np.concatenate([empty, *latents]),
    }
    for name, path in index_paths(export.out, split).items():
        file = io.BytesIO()
        np.save(file, arrays[name])
        write_atomic(path, file.getvalue())


def _remove_index(out: Path, split: str) -> None:
    for path in index_paths(out, split).values():
        with on_disk(path):
            path.unlink(missing_ok=True)
