"""Write a dataset's card and its Croissant description from dataset.json and the hashes of the files."""

import json
from collections.abc import Mapping
from pathlib import Path

from iebench.manifests.common.causes import read_failure
from iebench.manifests.common.files import write_atomic
from iebench.manifests.dataset import DatasetInfo
from iebench.manifests.errors import DatasetError
from iebench.manifests.folder.checksums import file_sha256

from .croissant import StoredFile, croissant
from .readme import readme

README = "README.md"
CROISSANT = "croissant.json"


def write_card(folder: Path, info: DatasetInfo, known: Mapping[str, str], sizes: Mapping[str, int]) -> None:
    """Write folder/README.md and folder/croissant.json; the same dataset gives the same bytes.

    known : SHA-256 by path of files whose hash is already known
    sizes : size in bytes by path of the shards' files, which may be in another folder or a store

    Raises
    ------
    DatasetError : a file of the dataset is missing or cannot be read.
    """
    tars, tables = ([f"{stem}.{kind}" for stem in info.stems()] for kind in ("tar", "parquet"))
    names = (*tars, *tables, "objects.parquet", "failures.parquet")
    stored = [_stored(folder, name, known, sizes) for name in names]
    write_atomic(folder / CROISSANT, json.dumps(croissant(info, stored), indent=2, ensure_ascii=False) + "\n")
    write_atomic(folder / README, readme(info))


def _stored(folder: Path, name: str, known: Mapping[str, str], sizes: Mapping[str, int]) -> StoredFile:
    path = folder / name
    try:
        return StoredFile(name, sizes.get(name) or path.stat().st_size, known.get(name) or file_sha256(path))
    except OSError as error:
        remedy = "restore it or render the dataset again, then write its card"
        raise DatasetError(read_failure(path, error, remedy)) from error
