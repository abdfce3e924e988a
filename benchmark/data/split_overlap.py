"""Val objects whose mesh is also in train.

They measure memory rather than generalisation, and the labels may differ.

3DIEBench's official list contains 1,258 meshes under several classes, so up to 424 of its 10,552 val objects have a
mesh that is in train.
"""

from pathlib import Path

import pyarrow.compute as pc

from iebench.manifests.dataset import read_table
from iebench.manifests.schema import OBJECTS
from iebench.manifests.taxonomy import official_objects

from .pairs import Identity

COLUMNS = ["synset", "object_id", "split", "mesh_sha256"]


def leaked(folder: Path, trained_on: Path | None = None) -> set[Identity]:
    """Return the val objects of a dataset whose mesh is in its train split too, under any class.

    Two objects have the same mesh if the SHA-256 of their files agree, or if they share one of ShapeNet's object ids,
    which identify a mesh whatever the class. Other collections number the objects of each class separately; without a
    file, as iebench's own shapes are, an object is the same in two datasets if class and id are.

    trained_on : dataset of the train split, None for the same

    Raises
    ------
    DatasetError : objects.parquet is missing or damaged.
    """
    table = read_table(folder / "objects.parquet", OBJECTS).select(COLUMNS)
    meshes = set(official_objects()["object_id"].to_pylist())
    known: set[str] = set()
    source = table if trained_on is None else read_table(trained_on / "objects.parquet", OBJECTS).select(COLUMNS)
    for row in source.filter(pc.equal(source["split"], "train")).to_pylist():
        known |= _names(row, meshes)
    return {
        (row["synset"], row["object_id"])
        for row in table.filter(pc.equal(table["split"], "val")).to_pylist()
        if _names(row, meshes) & known
    }


def _names(row: dict[str, str | None], meshes: set[str]) -> set[str]:
    """Return the names that identify a mesh: the hash of its file, if there is one, and ShapeNet's id."""
    bare = None if row["mesh_sha256"] else f"{row['synset']}/{row['object_id']}"
    names = {row["mesh_sha256"], row["object_id"] if row["object_id"] in meshes else None, bare}
    return {name for name in names if name}
