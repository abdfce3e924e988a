"""Cleaned copies of meshes, for tests."""

from pathlib import Path

import pytest

from iebench.renderer.errors import AssetError
from iebench.renderer.meshes.clean import clean_copy
from iebench.renderer.meshes.inspect import inspect, read
from iebench.renderer.sources import ObjectRef

KD = "newmtl w\nKd 0 1 0\n"


def ref_to(path, folder=None):
    return ObjectRef("s", "o", "c", 0, "train", str(path), folder=folder and str(folder), path=Path(path).name)


def cleaned(ref):
    """Return the clean mesh, its report, and the texts of the staged OBJ and MTL files if it is an OBJ."""
    with clean_copy(ref) as mesh:
        texts = [path.read_text() for path in (mesh.path, mesh.path.with_suffix(".mtl")) if mesh.path.suffix == ".obj"]
        return mesh, inspect(read(mesh)), texts


def cause(ref, whole=False):
    """Return the message with which a mesh is refused: by its reader or, with `whole`, also by the report."""
    with pytest.raises(AssetError) as caught:
        _, report, _ = cleaned(ref)
        if whole and report.problem:
            raise AssetError(f"{ref.shown} {report.problem}")
    assert "\n" not in str(caught.value)
    return str(caught.value)
