"""Symmetries of a dataset: the table is part of it, frames equal the renderer's, unreadable meshes get a cause."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import solids
from click.testing import CliRunner
from PIL import Image

from iebench.manifests import symmetry
from iebench.manifests.dataset import DatasetInfo
from iebench.renderer.blender.interface import FAKE
from iebench.renderer.commands.symmetry import symmetry as command
from iebench.renderer.plan import Plan
from iebench.renderer.proof.verify import verify
from iebench.renderer.rendering.render import render_dataset
from iebench.renderer.sources import ObjectRef
from iebench.renderer.sources.builtin import Builtin
from iebench.renderer.symmetry import run

BOX = "v {0} 0 0\nv {0} 1 0\nv {0} 1 3\nv {0} 0 3\n"
FACES = "f 1 2 3 4\nf 5 6 7 8\nf 1 2 6 5\nf 2 3 7 6\nf 3 4 8 7\nf 4 1 5 8\n"


@pytest.fixture
def box(tmp_path: Path) -> ObjectRef:
    """Write a box 2 wide, 1 high and 3 deep as an OBJ file, y up."""
    (tmp_path / "box.obj").write_text(BOX.format(0) + BOX.format(2) + FACES)
    return ObjectRef("c", "box", "c", 0, "val", str(tmp_path / "box.obj"))


def test_a_file_comes_in_the_object_frame(box: ObjectRef) -> None:
    vertices, faces = run.surface(box)
    np.testing.assert_allclose(np.ptp(vertices, axis=0), [2, 3, 1])  # z up
    np.testing.assert_allclose(vertices.min(0), -vertices.max(0))
    row = run.analyse(box)
    assert len(faces) == 12 and row["order"] == row["colour_order"] == 4 and row["colour_difference"] == 0


def test_up_stays_up(tmp_path: Path) -> None:
    (tmp_path / "tip.obj").write_text("v 0 1 0\nv 1 0 0\nv -1 0 1\nv -1 0 -1\nf 1 2 3\nf 1 3 4\nf 1 4 2\n")
    vertices, _ = run.surface(ObjectRef("c", "tip", "c", 0, "val", str(tmp_path / "tip.obj")))
    np.testing.assert_allclose(vertices, [[0, 0, 0.5], [1, 0, -0.5], [-1, -1, -0.5], [-1, 1, -0.5]])


def test_an_unreadable_mesh_has_a_cause(tmp_path: Path) -> None:
    row = run.analyse(ObjectRef("c", "none", "c", 0, "val", str(tmp_path / "none.obj")))
    assert row["kind"] is None and "none.obj" in row["cause"]


@pytest.mark.slow
def test_the_table_becomes_part_of_the_dataset(tiny_plan: Callable[..., Plan], tmp_path: Path) -> None:
    folder = tmp_path / "tiny"
    render_dataset(tiny_plan(classes="mug,bottle", per_class=2, views=2), folder, workers=1, backend=FAKE)
    before = DatasetInfo.load(folder)
    result = CliRunner().invoke(command, [str(folder), "--jobs", "1"], standalone_mode=False)
    assert result.return_value == 0 and "4 objects" in result.output
    groups = symmetry.read(folder)
    assert groups is not None and len(groups) == 4
    assert DatasetInfo.load(folder) == before and verify(folder, jobs=1).ok
    content = (folder / symmetry.TABLE).read_bytes()
    run.write_symmetries(folder, None, jobs=1)
    assert (folder / symmetry.TABLE).read_bytes() == content
    CliRunner().invoke(command, [str(folder), "--workers", "1", "--tolerance", "5"], standalone_mode=False)
    assert pq.read_schema(folder / symmetry.TABLE).metadata[b"tolerance"] == b"0.05"


def test_built_in_objects_are_analysed_as_they_are_built() -> None:
    ref = replace(Builtin(None).objects(Builtin(None).classes()[:1], 1)[0])
    vertices, _ = run.surface(ref)
    assert np.linalg.norm(np.ptp(vertices, axis=0)) == pytest.approx(1)


@pytest.mark.parametrize("suffix", ["off", "ply", "obj"])
def test_concave_polygons_have_the_surface_that_is_drawn(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"arrow.{suffix}"
    tables = [solids.vertices(), solids.faces()]
    path.write_bytes(
        {"off": solids.off().encode(), "obj": solids.obj().encode(), "ply": solids.ply("ascii", tables)}[suffix]
    )
    vertices, faces = run.surface(ObjectRef("c", "arrow", "c", 0, "val", str(path)))
    a, b, c = vertices[faces.T]
    assert np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2 == pytest.approx(solids.AREA)


def test_a_texture_of_ply_prints_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    Image.new("RGB", (4, 4)).save(tmp_path / "t.png")
    tables = [solids.vertices(), solids.faces()]
    (tmp_path / "a.ply").write_bytes(solids.ply("ascii", tables, comments=["comment TextureFile t.png"]))
    row = run.analyse(ObjectRef("c", "a", "c", 0, "val", str(tmp_path / "a.ply")))
    assert (row["kind"], row["order"], row["cause"]) == ("finite", 2, None)
    assert capfd.readouterr() == ("", "")


def test_a_duplicated_surface_counts_once(box: ObjectRef) -> None:
    vertices, faces = run.surface(box)
    path = Path(str(box.mesh))
    text = path.read_text()
    turned = [" ".join(["f", *line.split()[:0:-1]]) for line in text.splitlines() if line.startswith("f ")]
    path.write_text(text + "\n".join(turned[:3]) + "\n")
    again, once = run.surface(box)
    assert np.array_equal(again, vertices)
    assert np.array_equal(once, faces)
