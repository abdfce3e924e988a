"""Writing a dataset's card and its Croissant description, both from dataset.json and the hashes of its files."""

import json
import re
from collections.abc import Mapping
from pathlib import Path

from iebench.manifests.checksums import file_sha256
from iebench.manifests.common.files import write_atomic
from iebench.manifests.dataset import DatasetInfo
from iebench.manifests.schema import SPLITS

from .croissant import StoredFile, croissant
from .readme import readme

README = "README.md"
CROISSANT = "croissant.json"


def write_card(folder: Path, info: DatasetInfo, known: Mapping[str, str], sizes: Mapping[str, int]) -> None:
    """Write folder/README.md and folder/croissant.json; the same dataset gives the same bytes.

    known : SHA-256 by path of files that need not be read again
    sizes : bytes by path of the shards' files, which may lie elsewhere
    """
    tables = [name for split in SPLITS for name in sorted(sizes) if re.fullmatch(rf"{split}/\d+\.parquet", name)]
    tars = [name.replace(".parquet", ".tar") for name in tables]
    stored = [
        StoredFile(
            name, sizes.get(name) or (folder / name).stat().st_size, known.get(name) or file_sha256(folder / name)
        )
        for name in (*tars, *tables, "objects.parquet", "failures.parquet")
    ]
    write_atomic(folder / CROISSANT, json.dumps(croissant(info, stored), indent=2, ensure_ascii=False) + "\n")
    write_atomic(folder / README, readme(info))
