"""Extraction of one object from a zip file: within limits, and only files inside the object's folder."""

import shutil
import stat
import zipfile
import zlib
from collections import defaultdict
from functools import lru_cache
from pathlib import Path, PurePosixPath

from iebench.manifests.common.placeholders import placeholder

from ...errors import AssetError
from .limits import FILE_BYTES, MEMBERS, RATIO, RATIO_FROM, check

DEPTH = 2  # an object's folder is SYNSET/OBJECT


@lru_cache(maxsize=1)  # objects are sorted by class, and opening a large archive takes a second
def _opened(path: str) -> tuple[zipfile.ZipFile, dict[str, list[zipfile.ZipInfo]]]:
    archive = zipfile.ZipFile(path)
    members = defaultdict(list)
    for info in archive.infolist():
        members["/".join(info.filename.split("/", DEPTH)[:DEPTH])].append(info)
    return archive, members


def take_out(path: str, folder: str, to: Path) -> None:
    """Unpack the members below `folder` (SYNSET/OBJECT) of a zip file into `to`.

    Raises
    ------
    AssetError : the file is not a zip file or lacks the folder; or members leave the folder, exceed the limits or are
        damaged.
    OSError : the archive cannot be read.
    """
    try:
        archive, by_folder = _opened(path)
    except zipfile.BadZipFile as error:
        words = placeholder(Path(path)) or "is not a complete zip file: download it again"
        raise AssetError(f"{Path(path).name} {words}") from error
    name = f"{Path(path).name}/{folder}"
    members = [info for info in by_folder.get(folder, []) if not info.is_dir()]
    _check(name, folder, members)
    try:
        for info in members:
            target = to / PurePosixPath(info.filename).relative_to(folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(info) as source, target.open("wb") as file:
                shutil.copyfileobj(source, file, 1 << 20)  # zipfile stops at the size that `_check` has checked
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise AssetError(
            f"cannot read {info.filename} in {Path(path).name}: it is damaged; download the archive again"
        ) from error
    except (NotImplementedError, RuntimeError) as error:
        raise AssetError(
            f"cannot read {info.filename} in {Path(path).name}: it is encrypted, or compressed in a way that Python's "
            "zipfile does not read; unpack the archive"
        ) from error


def _check(name: str, folder: str, members: list[zipfile.ZipInfo]) -> None:
    if not members:
        raise AssetError(f"no mesh file: {name} has no members")
    for info in members:
        path = PurePosixPath(info.filename)
        outside = ".." in path.parts or "\\" in info.filename or not path.is_relative_to(folder)
        if outside or stat.S_ISLNK(info.external_attr >> 16):
            raise AssetError(f"{name} has a member that leaves its folder: {info.filename!r}")
        if info.file_size > max(RATIO_FROM, RATIO * info.compress_size):
            raise AssetError(
                f"{info.filename} would expand from {info.compress_size:,} to {info.file_size:,} bytes, "
                f"over the limit of {RATIO} to 1"
            )
    check(name, "members", len(members), MEMBERS)
    check(name, "bytes when unpacked", sum(info.file_size for info in members), FILE_BYTES)
