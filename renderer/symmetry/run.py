"""The main path of `iebench symmetry`: read every object's mesh, find its symmetries, write one table."""

import multiprocessing
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from iebench.manifests.common.files import save_atomic
from iebench.manifests.common.progress import Meter
from iebench.manifests.dataset import DatasetInfo, checksums, read_table
from iebench.manifests.folder.checksums import read_sums
from iebench.manifests.schema import COLOUR_PREFIX
from iebench.manifests.symmetry import COLUMNS, TABLE, named

from ..errors import AssetError
from ..proof.rerender import objects_of
from ..sources import ObjectRef
from .estimate import COLOUR, SHARE, TOLERANCE, Colours, MeshSymmetry, symmetries
from .surface import coloured_points, surface

TRIAL = 6  # objects whose analysis is timed for an estimate


def write_symmetries(
    folder: Path, source: str | None, jobs: int, tolerance: float = TOLERANCE, colour: float = COLOUR
) -> list[dict[str, Any]]:
    """Analyse the mesh of every rendered object, and write symmetry.parquet into the dataset.

    source : collection of the objects, as for `iebench render --source`; not needed for built-in objects
    jobs : number of processes; tolerance : see `estimate.symmetries`; colour : largest difference in colour
    returns : rows of the table

    Raises
    ------
    DatasetError : the folder contains no finished dataset.
    SourceError : the objects are missing.
    """
    info, refs = DatasetInfo.load(folder), rendered_objects(folder, source)
    kept = {name: sha for name, sha in read_sums(folder, checksums(folder)).items() if name != TABLE}
    rows = []
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context) as pool, Meter("analysing", len(refs), "objects") as meter:
        for row in pool.map(partial(analyse, tolerance=tolerance, colour=colour), refs, chunksize=8):
            rows.append(row)
            meter.advance()
    about = {"tolerance": str(tolerance), "colour": str(colour), "share": str(SHARE)}
    table = pa.Table.from_pylist(rows, COLUMNS.with_metadata(about))
    save_atomic(folder / TABLE, lambda partial: pq.write_table(table, partial, compression="zstd"))
    info.save(folder, kept)
    return rows


def rendered_objects(folder: Path, source: str | None) -> list[ObjectRef]:
    """Return the objects of a dataset that were rendered; see `write_symmetries`."""
    objects = [row for row in read_table(folder / "objects.parquet").to_pylist() if row["status"] != "failed"]
    return list(objects_of(objects, DatasetInfo.load(folder), source).values())


def seconds_per_object(refs: Sequence[ObjectRef], tolerance: float, colour: float) -> float:
    """Measure the seconds that a process takes for an object, as a mean over a few spread over all."""
    start, trial = time.perf_counter(), refs[:: max(1, len(refs) // TRIAL)][:TRIAL]
    for ref in trial:
        analyse(ref, tolerance, colour)
    return (time.perf_counter() - start) / max(1, len(trial))


def analyse(ref: ObjectRef, tolerance: float = TOLERANCE, colour: float = COLOUR) -> dict[str, Any]:
    """Return an object's row of the table: its symmetries in shape, and in shape and colour.

    If the mesh or its colours cannot be read, the row has a cause and no kind there.
    """
    row: dict[str, Any] = {**dict.fromkeys(COLUMNS.names), "synset": ref.synset, "object_id": ref.object_id}
    try:
        vertices, faces = surface(ref)
        shape = symmetries(vertices, faces, tolerance)
    except AssetError as error:
        return {**row, "cause": str(error)}
    row |= {**shape.symmetry.row(), "residual": shape.residual}
    if shape.symmetry.kind == "finite" and len(shape.symmetry.quaternions) == 1:
        return row | named(COLOUR_PREFIX, _with_colour(replace(shape, difference=0.0)))  # colours add no symmetry
    try:
        points, lab = coloured_points(ref)
    except AssetError as error:
        return {**row, f"{COLOUR_PREFIX}cause": str(error)}
    both = symmetries(vertices, faces, tolerance, Colours(points, lab, colour))
    return row | named(COLOUR_PREFIX, _with_colour(both))


def _with_colour(both: MeshSymmetry) -> dict[str, object]:
    """Return the columns of a group of shape and colour, without their prefix."""
    return {**both.symmetry.row(), "residual": both.residual, "difference": both.difference}
