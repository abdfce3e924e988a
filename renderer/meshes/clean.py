"""Make a safe copy of an object's mesh file: the right file, within limits, with all files that it refers to."""

import errno
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from iebench.manifests.common.causes import SOUND, reason
from iebench.manifests.common.placeholders import placeholder
from iebench.manifests.folder.checksums import file_sha256
from iebench.manifests.recipe import Materials

from ..errors import AssetError, DiskError, IebenchError
from ..sources.formats import sole_mesh, unread
from ..sources.listing import CLIMBS, climbs
from ..sources.registry import ObjectRef
from .gltf.gltf import clean_gltf
from .obj.obj import clean_obj
from .plain.plain import clean_plain
from .shared.archive import take_out
from .shared.bounds import Bounds
from .shared.textures import Textures

Cleaner = Callable[[str, Path, Path, Textures], Path]
CLEANERS: dict[str, Cleaner] = {
    ".obj": clean_obj, ".glb": clean_gltf, ".gltf": clean_gltf,
    ".ply": clean_plain, ".stl": clean_plain, ".off": clean_plain,
}  # fmt: skip
AS_WRITTEN = Materials()


@dataclass(frozen=True)
class CleanMesh:
    """A mesh file in a temporary folder of its own, with all files it refers to, under plain names.

    name : name of the mesh in messages
    path : .obj, .gltf, .ply, .stl or .off; text in UTF-8
    sha256 : SHA-256 of the original file
    textures : number of different usable images
    missing : textures and material libraries, by their names in the file, that are absent, unreadable or outside
    notes : differences between the copy and the file, one sentence each
    """

    name: str
    path: Path
    sha256: str
    textures: int
    missing: tuple[str, ...]
    notes: tuple[str, ...]


@contextmanager
def clean_copy(ref: ObjectRef, materials: Materials = AS_WRITTEN) -> Iterator[CleanMesh]:
    """Make a clean copy of an object's mesh; the copy is removed at the end of the block.

    materials : the recipe's settings for reading materials; the shape does not depend on them

    Raises
    ------
    AssetError : no mesh, several meshes, or a mesh beyond the limits.
    DiskError : a fault of the machine, not of the object: no space for the copy, too many open files, a lost disk.
    """
    with tempfile.TemporaryDirectory(prefix="iebench-mesh-") as temporary:
        to = Path(temporary) / "clean"
        to.mkdir()
        try:
            mesh, bounds = _located(ref, Path(temporary) / "unpacked")
            textures = Textures(ref.shown, bounds, to, materials)
            path = CLEANERS[mesh.suffix.lower()](ref.shown, mesh, to, textures)
            digest = file_sha256(mesh)
        except OSError as error:
            raise _unread(ref.shown, error) from error
        yield CleanMesh(ref.shown, path, digest, textures.used, tuple(textures.missing), tuple(textures.notes))


def _unread(shown: str, error: OSError) -> IebenchError:
    """Return an error of the object or of the machine; a dataset records only errors of objects."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskError(
            f"no space for a temporary copy of {shown} in {tempfile.gettempdir()}: make some, or set TMPDIR to another "
            "folder, and run the same command again"
        )
    if error.errno in SOUND and error.errno not in (errno.EACCES, errno.EPERM):
        return DiskError(f"cannot read {shown} ({reason(error)}): {SOUND[error.errno]}")
    return AssetError(f"cannot read {shown}: {reason(error)}")


def _located(ref: ObjectRef, unpacked: Path) -> tuple[Path, Bounds]:
    """Return the mesh file of a ref and the folders that its files must not leave."""
    mesh = Path(ref.mesh or "")
    folder = Path(ref.folder) if ref.folder is not None else mesh.parent
    collection = Path(ref.collection) if ref.collection is not None else None
    if ref.archive is not None and ref.folder is not None:
        archive = Path(ref.archive)
        Bounds(archive.parent, collection).check_link(archive, archive.name)
        take_out(ref.archive, ref.folder, unpacked)
        mesh, folder, collection = unpacked / mesh.relative_to(folder), unpacked, None
    if climbs(mesh, folder):
        raise AssetError(f"{ref.shown} {CLIMBS}")
    if mesh.is_dir():
        mesh = sole_mesh(mesh)
    if words := placeholder(mesh):
        raise AssetError(f"{ref.shown} {words}")
    if not mesh.is_file():
        raise AssetError(f"no mesh file {ref.shown}")
    if mesh.suffix.lower() not in CLEANERS:
        raise AssetError(f"{ref.shown} {unread(mesh)}")
    bounds = Bounds(folder, collection)
    bounds.check_link(mesh, ref.shown)
    return bounds.folder / os.path.relpath(mesh, folder), bounds
