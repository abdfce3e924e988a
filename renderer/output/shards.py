"""Shards on disk: a standard WebDataset tar and, written last, the Parquet that indexes it."""

import hashlib
import io
import json
import tarfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, cast

import pyarrow as pa
import pyarrow.parquet as pq

from iebench.manifests.common.causes import reason, remedy_of
from iebench.manifests.common.files import atomic, own_folder, save_atomic
from iebench.manifests.common.space import require
from iebench.manifests.errors import DatasetError, InvalidValue
from iebench.manifests.folder.index import rows
from iebench.manifests.recipe import Recipe
from iebench.manifests.schema import ADDED, IDENTITY, INSPECTION, OBJECTS, key, position_columns
from iebench.manifests.text.plain_text import cleaned
from iebench.manifests.views import Views

from ..blender.interface import MeshInfo
from ..plan import Shard, part_paths
from ..sources import ObjectRef
from .store import Store

NEEDED = {*OBJECTS.names, "cause"} - ADDED  # keys of an object's note
OUTCOMES = b"iebench"  # key of the Parquet's metadata: outcome of each object, and the tar's size


@dataclass(frozen=True)
class Outcome:
    """Outcome of rendering or importing one object.

    status : "ok", "texture missing" (rendered in its plain colour) or "failed"
    cause : one sentence if failed, else ""
    views : numbers and latents of its views; empty if failed
    samples : files of each view's sample by suffix: "jpg", and "NAME.png" for a pass
    inspection : the columns of objects.parquet that describe the mesh, as far as known
    numbers : columns of each view from the passes that are numbers; () without such passes
    """

    mesh_sha256: str
    faces: int
    status: str
    cause: str
    views: Views
    samples: tuple[dict[str, bytes], ...]
    inspection: dict[str, Any] = field(default_factory=dict)
    numbers: tuple[dict[str, Any], ...] = ()

    @staticmethod
    def failed(cause: str, info: MeshInfo | None = None) -> "Outcome":
        """Return the outcome of an object that could not be rendered or imported; info : values known before that."""
        mesh = info or MeshInfo("", 0, "")
        return Outcome(mesh.sha256, 0, "failed", cause, Views((), {}), (), mesh.inspection() if info else {})


def identity(ref: ObjectRef) -> dict[str, Any]:
    """Return the identity columns of an object."""
    return {name: getattr(ref, name) for name in IDENTITY} | {"class_name": cleaned(ref.class_name)}


def write_shard(folder: Path, recipe: Recipe, shard: Shard, outcomes: Sequence[Outcome]) -> None:
    """Write a shard's tar, then its Parquet, each complete or not at all.

    outcomes : one per object of the shard, in order. The same outcomes give the same bytes.

    Raises
    ------
    DiskError : it cannot be written, or would fill the disk.
    """
    tar_path, table_path = part_paths(folder, shard)
    size = sum(len(content) for outcome in outcomes for files in outcome.samples for content in files.values())
    require(folder, size, f"shard {shard.stem}", "and run the same command again: it continues")
    tar = write_tar(tar_path, _samples(shard, outcomes))
    notes = {
        "tar_bytes": tar.bytes,
        "tar_sha256": tar.sha256,
        "objects": [_note(r, o) for r, o in zip(shard.objects, outcomes, strict=True)],
    }
    numbers = [columns for outcome in outcomes for columns in outcome.numbers or ({},) * len(outcome.samples)]
    table = [row | columns for row, columns in zip(tar.rows, numbers, strict=True)]
    schema = rows(recipe).with_metadata({OUTCOMES: json.dumps(notes).encode()})
    save_atomic(table_path, lambda path: pq.write_table(pa.Table.from_pylist(table, schema), path, compression="zstd"))


def _samples(shard: Shard, outcomes: Sequence[Outcome]) -> Iterator[tuple[dict[str, Any], dict[str, bytes]]]:
    """Yield each view of a shard's objects: its row up to the last latent, and its files by suffix."""
    for ref, outcome in zip(shard.objects, outcomes, strict=True):
        for index, (view, files) in enumerate(zip(outcome.views.numbers, outcome.samples, strict=True)):
            row: dict[str, Any] = {"key": key(ref.synset, ref.object_id, view), **identity(ref), "view": view}
            yield row | outcome.views.of(index), files


@dataclass(frozen=True)
class Tar:
    """A written tar: its rows with the location of each image, its SHA-256 and its size."""

    rows: list[dict[str, Any]]
    sha256: str
    bytes: int


def write_tar(path: Path, samples: Iterable[tuple[dict[str, Any], dict[str, bytes]]]) -> Tar:
    """Write a shard's tar, complete or not at all; its bytes depend on the samples alone.

    samples : for each view its row up to the last latent, and its files by suffix
    """
    table: list[dict[str, Any]] = []
    own_folder(path.parent)
    with atomic(path) as file:
        hashed = _Hashed(file)
        with tarfile.open(fileobj=cast(IO[bytes], hashed), mode="w", format=tarfile.USTAR_FORMAT) as tar:
            for row, files in samples:
                table.append(row | _add_sample(tar, row, files))
        return Tar(table, hashed.sha256.hexdigest(), file.tell())


class _Hashed:
    """A file that hashes its content while it is written, so that a tar need not be read again for SHA256SUMS."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self.sha256, self.tell = file, hashlib.sha256(), file.tell

    def write(self, content: bytes) -> int:
        self.sha256.update(content)
        return self._file.write(content)


def _add_sample(tar: tarfile.TarFile, row: dict[str, Any], files: dict[str, bytes]) -> dict[str, Any]:
    """Append a sample's members in the order of their names; return the columns that locate its images."""
    members = {**files, "json": sample_json(row)}
    locations: dict[str, Any] = {}
    for suffix, content in sorted(members.items()):
        start = _add(tar, f"{row['key']}.{suffix}", content)
        if suffix != "json":
            columns = position_columns("" if suffix == "jpg" else suffix.partition(".")[0])
            locations |= zip(columns, (start, len(content), hashlib.sha256(content).hexdigest()), strict=True)
    return locations


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> int:
    """Append a member; return the offset of its bytes."""
    start = int(tar.offset) + tarfile.BLOCKSIZE
    tar.addfile(_member(name, len(content)), io.BytesIO(content))
    return start


def _member(name: str, size: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mode, member.mtime = size, 0o644, 0
    return member


def member_header(name: str, size: int) -> bytes:
    """Return a member's 512-byte header, which depends only on name and size."""
    return _member(name, size).tobuf(tarfile.USTAR_FORMAT)


def sample_json(row: dict[str, Any]) -> bytes:
    """Return the JSON member of a row: its columns up to the last latent."""
    return json.dumps(row).encode()


def _note(ref: ObjectRef, outcome: Outcome) -> dict[str, Any]:
    result = {
        "mesh_sha256": outcome.mesh_sha256,
        "faces": outcome.faces,
        "status": outcome.status,
        "cause": cleaned(outcome.cause),
        "views": len(outcome.samples),
        "path": cleaned(ref.path),
    }
    return {**identity(ref), **result, **dict.fromkeys(INSPECTION), **outcome.inspection}


def read_notes(schema: pa.Schema) -> dict[str, Any]:
    """Read the notes in a shard's Parquet metadata: "objects" (outcome of each), "tar_bytes" and "tar_sha256".

    Raises
    ------
    InvalidValue : the notes are missing, or not in the form written by `write_shard`.
    """
    try:
        notes = json.loads((schema.metadata or {})[OUTCOMES])
        complete = all(note.keys() >= NEEDED and isinstance(note["cause"], str) for note in notes["objects"])
        complete &= isinstance(notes["tar_sha256"], str) and isinstance(notes["tar_bytes"], int)
        pa.Table.from_pylist([{name: note.get(name) for name in OBJECTS.names} for note in notes["objects"]], OBJECTS)
        if not complete or any(note["status"] is None or note["views"] is None for note in notes["objects"]):
            raise InvalidValue("entries are missing")
    except (KeyError, ValueError, TypeError, AttributeError, OverflowError, RecursionError, pa.ArrowException) as error:
        raise InvalidValue(f"its list of objects is damaged ({reason(error, 'it holds something else')})") from error
    return dict(notes)


def shard_notes(store: Store, recipe: Recipe, shard: Shard) -> list[dict[str, Any]] | None:
    """Return the note of each object of a finished shard; None if the shard is unfinished or has other objects.

    A shard is finished if its Parquet is readable and lists these objects, and its tar has the size stated there.
    """
    try:
        with store.open(f"{shard.stem}.parquet") as file:
            schema = pq.read_schema(file)
        notes = read_notes(schema)
        listed = [(note["synset"], note["object_id"]) for note in notes["objects"]]
        finished = store.size(f"{shard.stem}.tar") == notes["tar_bytes"] and schema.equals(rows(recipe))
    except (FileNotFoundError, KeyError, ValueError, pa.ArrowException):
        return None
    except OSError as error:  # the file may be intact: do not render it again
        remedy = remedy_of(error, "check the disk that holds it and run the same command again")
        raise DatasetError(f"cannot read {store}/{shard.stem}.parquet ({reason(error)}): {remedy}") from error
    return notes["objects"] if finished and listed == [(o.synset, o.object_id) for o in shard.objects] else None


@dataclass(frozen=True)
class Finished:
    """Content of a finished shard's Parquet.

    notes : note of each object, with its outcome
    sha256, sizes : SHA-256 and size in bytes of both files, by name
    rows : table with the schema `index.rows`
    """

    notes: list[dict[str, Any]]
    sha256: dict[str, str]
    sizes: dict[str, int]
    rows: pa.Table


def read_shard(store: Store, shard: Shard) -> Finished:
    """Read a finished shard without its images.

    Raises
    ------
    DatasetError : the Parquet cannot be read.
    """
    name = f"{shard.stem}.parquet"
    try:
        with store.open(name) as file:
            content = file.read()
        table = pq.read_table(io.BytesIO(content))
        notes = read_notes(table.schema)
    except (OSError, KeyError, ValueError, pa.ArrowException) as error:
        remedy = remedy_of(error, "delete it and run the same command again")
        raise DatasetError(f"cannot read {store}/{name} ({reason(error)}): {remedy}") from error
    tar = f"{shard.stem}.tar"
    sums = {tar: str(notes["tar_sha256"]), name: hashlib.sha256(content).hexdigest()}
    return Finished(notes["objects"], sums, {tar: notes["tar_bytes"], name: len(content)}, table)
