"""The main path of `iebench symmetry`: read every object's mesh, find its symmetries, write one table."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from iebench.manifests.common.files import save_atomic
from iebench.manifests.common.progress import Meter
from iebench.manifests.dataset import DatasetInfo, checksums, read_table
from iebench.manifests.folder.checksums import read_sums
from iebench.manifests.symmetry import COLUMNS, TABLE

from ..builtin import build, joined
from ..errors import AssetError
from ..meshes.clean import clean_copy
from ..meshes.inspect import inspect, read
from ..meshes.shared.doubles import without_doubles
from ..proof.rerender import objects_of
from ..sources import ObjectRef
from .estimate import SHARE, TOLERANCE, symmetries

Array = NDArray[np.float64]
Y_UP = (".obj", ".gltf")  # Blender imports their points as (x, -z, y)


def write_symmetries(folder: Path, source: str | None, jobs: int, tolerance: float = TOLERANCE) -> list[dict[str, Any]]:
    """Analyse the mesh of every rendered object, and write symmetry.parquet into the dataset.

    source : collection of the objects, as for `iebench render --source`; not needed for built-in objects
    jobs : number of processes; tolerance : see `estimate.symmetries`
    returns : rows of the table

    Raises
    ------
    DatasetError : the folder contains no finished dataset.
    SourceError : the objects are missing.
    """
    info = DatasetInfo.load(folder)
    kept = {name: sha for name, sha in read_sums(folder, checksums(folder)).items() if name != TABLE}
    objects = [row for row in read_table(folder / "objects.parquet").to_pylist() if row["status"] != "failed"]
    refs = list(objects_of(objects, info, source).values())
    rows = []
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context) as pool, Meter("analysing", len(refs), "objects") as meter:
        for row in pool.map(partial(analyse, tolerance=tolerance), refs, chunksize=8):
            rows.append(row)
            meter.advance()
    about = {"tolerance": str(tolerance), "share": str(SHARE)}
    table = pa.Table.from_pylist(rows, COLUMNS.with_metadata(about))
    save_atomic(folder / TABLE, lambda partial: pq.write_table(table, partial, compression="zstd"))
    info.save(folder, kept)
    return rows


def analyse(ref: ObjectRef, tolerance: float = TOLERANCE) -> dict[str, Any]:
    """Return an object's row of the table; if the mesh cannot be read, the row has a cause and no kind."""
    row: dict[str, Any] = {**dict.fromkeys(COLUMNS.names), "synset": ref.synset, "object_id": ref.object_id}
    try:
        symmetry, residual = symmetries(*surface(ref), tolerance)
    except AssetError as error:
        return {**row, "cause": str(error)}
    return {**row, **symmetry.row(), "residual": residual}


def surface(ref: ObjectRef) -> tuple[Array, NDArray[np.int64]]:
    """Return vertices (n, 3) in the object frame, the bounding box centred, and triangles (m, 3) of an object.

    Raises
    ------
    AssetError : the mesh cannot be read or has no surface.
    """
    if ref.mesh is None:
        vertices, faces = joined(build(ref.synset, int(ref.object_id)))
        return vertices.astype(np.float64), faces
    with clean_copy(ref) as mesh:
        loaded = read(mesh)
        problem = inspect(loaded).problem
        if problem:
            raise AssetError(f"{mesh.name} {problem}")
        vertices = np.asarray(loaded.vertices, np.float64)
        triangles = without_doubles(vertices, np.asarray(loaded.faces, np.int64))
        if mesh.path.suffix in Y_UP:
            vertices = vertices @ np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])
        return vertices - (vertices.min(0) + vertices.max(0)) / 2, triangles.astype(np.int64)
