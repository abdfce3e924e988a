"""The main path of `iebench import sie-folder`: an exported folder -> the original dataset, byte for byte."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from iebench.manifests.common.causes import read_failure
from iebench.manifests.common.progress import Meter
from iebench.manifests.common.space import require
from iebench.manifests.dataset import INFO, DatasetInfo, checksums, read_table
from iebench.manifests.folder.checksums import SUMS, file_sha256, read_sums
from iebench.manifests.folder.index import rows
from iebench.manifests.recipe import Recipe
from iebench.manifests.schema import SPLITS, after_latents, member_suffix, position_columns

from ..errors import AssetError, DatasetError, OutputError, SourceError
from ..estimate import expected_bytes
from ..importing.published import file_name
from ..importing.unpack import read_latents
from ..output.lock import LOCK, locked
from ..output.shards import write_tar
from ..output.store import LocalStore
from .folder import copied, share_left
from .layout import OWN, object_folder, picture_name

MEND = "export the dataset again"


def read_back(source: Path, out: Path) -> DatasetInfo:
    """Restore a dataset from the folder that `write_folder` wrote: the same files, byte for byte.

    Every picture and every latent is compared with the dataset's tables. Existing shards are kept.

    Raises
    ------
    SourceError : `source` is not an exported folder.
    DatasetError : a file is missing, or differs from the exported file; the message names it.
    OutputError : `out` contains something else, or another process writes it.
    DiskError : the dataset cannot be written.
    """
    own, (info, sums) = source / OWN, exported(source)
    _check_output(out, info, own)
    with locked(out):
        store = LocalStore(out)
        store.clean()
        shards = [f"{stem}{suffix}" for stem in info.stems() for suffix in (".tar", ".parquet")]
        for name in (SUMS, *(name for name in sums if name not in shards)):
            copied(own, out, name, sums.get(name))
        images = sum(int(info.counts[split]["images"]) for split in SPLITS)
        count = round(share_left(info, out) * images)
        require(out, count * expected_bytes(info.recipe), f"an import of {count:,} images", "or choose another --out")
        with Meter("importing", images, "images") as meter:
            for stem in info.stems():
                _write_shard(source, out, info.recipe, stem, sums, meter)
        copied(own, out, INFO, None)
    return info


def exported(source: Path) -> tuple[DatasetInfo, dict[str, str]]:
    """Return the description of an exported dataset, and the SHA-256 of its files by path.

    Raises
    ------
    SourceError : `source` is not an exported folder.
    DatasetError : its tables are damaged.
    """
    own = source / OWN
    if not (own / INFO).is_file():
        raise SourceError(
            f"{source} was not written by `iebench export sie-folder` (no {OWN}/{INFO}): for the published data use "
            "`iebench import 3diebench`"
        )
    return DatasetInfo.load(own), read_sums(own, checksums(own))


def _check_output(out: Path, info: DatasetInfo, own: Path) -> None:
    """Check that the output is missing, empty, the same dataset, or the part of it that an interrupted call wrote."""
    known = LocalStore(out).sizes().keys() - {LOCK} if out.exists() else set()
    if INFO in known and DatasetInfo.load(out).fingerprint == info.fingerprint:
        return
    begun = INFO not in known and SUMS in known and (out / SUMS).read_bytes() == (own / SUMS).read_bytes()
    if known and not begun:
        raise OutputError(f"{out} holds something else: choose another output, or remove it")


def _write_shard(source: Path, out: Path, recipe: Recipe, stem: str, sums: dict[str, str], meter: Meter) -> None:
    """Write a shard's tar from the files of its objects, then its Parquet, unless both exist."""
    tar, names = out / f"{stem}.tar", (f"{stem}.tar", f"{stem}.parquet")
    table = read_table(source / OWN / names[1], rows(recipe))
    if not all((out / name).is_file() and file_sha256(out / name) == sums[name] for name in names):
        written = write_tar(tar, _samples(source, recipe, table))
        if written.sha256 != sums[names[0]]:
            tar.unlink()
            raise DatasetError(
                f"{source / OWN}: another version of iebench wrote the tables, and this version cannot restore the "
                f"tars from them: {MEND}"
            )
        copied(source / OWN, out, names[1], sums[names[1]])
    meter.advance(table.num_rows)


def _samples(source: Path, recipe: Recipe, table: pa.Table) -> Iterator[tuple[dict[str, Any], dict[str, bytes]]]:
    """Yield each row up to its last latent, with its pictures by suffix; every file is checked."""
    locations = {name: position_columns(name) for name in ("", *recipe.pass_files)}
    left_out = after_latents(recipe.passes)
    for row in table.to_pylist():
        folder = source / object_folder(row)
        _check_latents(folder / file_name("latent", row["view"]), [row[name] for name in recipe.factor_names])
        files = {
            member_suffix(name): _checked(folder / picture_name(name, row["view"]), row[columns[2]])
            for name, columns in locations.items()
        }
        yield {name: value for name, value in row.items() if name not in left_out}, files


def _checked(path: Path, sha256: str) -> bytes:
    content = _content(path)
    if hashlib.sha256(content).hexdigest() != sha256:
        raise DatasetError(f"{path} is not the exported picture: {MEND}")
    return content


def _check_latents(path: Path, expected: list[float]) -> None:
    try:
        values = read_latents(_content(path), len(expected))
    except AssetError as error:
        raise DatasetError(f"{path} {error}: {MEND}") from error
    if values != expected:
        raise DatasetError(f"{path} does not hold the exported latents: {MEND}")


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DatasetError(read_failure(path, error, MEND)) from error
