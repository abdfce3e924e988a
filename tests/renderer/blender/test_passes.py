"""Passes: stored values follow the geometry, in the stated frame and unit."""

import io
import tarfile
from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from iebench.manifests.conventions import pose
from iebench.manifests.errors import DatasetError
from iebench.manifests.reading.boxes import boxes
from iebench.manifests.recipe import load
from iebench.manifests.shell.cli import main
from iebench.renderer.blender.fake import FakeRenderer
from iebench.renderer.blender.interface import FAKE
from iebench.renderer.blender.passes import PASSES, encode_passes
from iebench.renderer.rendering.render import render_dataset

pytestmark = pytest.mark.slow

SIZE = 64
ANGLES = (0.4, -0.3, 1.1)


@pytest.fixture(scope="module")
def stored():
    recipe = replace(load(), resolution=SIZE)
    latents = dict(zip(recipe.factor_names, [*ANGLES, 0, 0, 0, 0], strict=True))
    geometry = FakeRenderer(recipe, recipe.quality["fast"], "cpu", 1).geometry(latents)
    files = encode_passes(geometry, sorted(PASSES))
    stored = {"boxes": boxes(files.pop("boxes.json"))}
    return stored | {name.removesuffix(".png"): np.asarray(Image.open(io.BytesIO(png))) for name, png in files.items()}


def test_the_ball_of_the_fake_renderer_comes_back(stored):
    """The ball's radius is 0.4 in a picture one unit wide; the camera is 2.5 in front of its centre."""
    x = (np.arange(SIZE) + 0.5) / SIZE - 0.5
    radius2 = np.add.outer(x**2, x**2)
    ball = radius2 < 0.16
    assert np.array_equal(stored["mask"], np.where(ball, 255, 0))
    front = np.sqrt(np.where(ball, 0.16 - radius2, 0))
    assert stored["depth"] / 8192 == pytest.approx(np.where(ball, 2.5 - front, 3.5), abs=1e-4)
    assert stored["depth"].dtype == np.uint16
    normals = stored["normal"] / 127.5 - 1
    assert np.linalg.norm(normals, axis=-1) == pytest.approx(np.ones((SIZE, SIZE)), abs=0.01)
    assert normals[..., 1][ball] == pytest.approx(front[ball] / 0.4, abs=0.005)
    points = pose(ANGLES).apply(stored["nocs"][ball] / 255 - 0.5)
    assert np.column_stack([np.linalg.norm(points, axis=1), points[:, 1]]) == pytest.approx(
        np.column_stack([np.full(ball.sum(), 0.4), front[ball]]), abs=0.006
    )
    assert not stored["nocs"][~ball].any()


def test_boxes_agree_with_the_mask_and_the_depth(stored):
    view = stored["boxes"]
    rows, columns = np.nonzero(stored["mask"])
    assert view.visible.tolist() == [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
    assert np.stack([view.low, view.high]) == pytest.approx(np.array([[-0.4] * 3, [0.4] * 3]))
    assert view.corners.mean(0) == pytest.approx([0, 0, 2.5])
    points, inside = stored["nocs"] / 255 - 0.5, stored["mask"] > 0
    distance = points[inside] @ view.object_to_camera[2, :3] + view.object_to_camera[2, 3]
    assert distance == pytest.approx(stored["depth"][inside] / 8192, abs=0.006)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"{", "is not JSON"),
        (b"[]", "does not have exactly the names intrinsics"),
        (b'{"low": [0, 0, 0]}', "does not have exactly the names intrinsics"),
    ],
)
def test_damaged_boxes_are_refused_with_the_reason(content, reason):
    with pytest.raises(DatasetError, match=reason):
        boxes(content)


def test_boxes_survive_export_and_import_and_are_verified(tiny_plan, tmp_path):
    plan = tiny_plan(classes="2", per_class=2, views=2)
    plan = replace(plan, recipe=replace(plan.recipe, passes=("boxes",)))
    render_dataset(plan, tmp_path / "d", workers=1, backend=FAKE)
    for line in ("verify {0}/d", "export sie-folder {0}/d {0}/f", "import sie-folder {0}/f {0}/again"):
        with pytest.raises(SystemExit) as stop:
            main(line.format(tmp_path).split())
        assert not stop.value.code
    tars = [(tmp_path / name / "train/00000.tar").read_bytes() for name in ("d", "again")]
    assert tars[0] == tars[1]


def test_passes_are_members_of_the_sample_located_by_columns(tiny_plan, tmp_path):
    plan = tiny_plan(classes="2", per_class=2, views=2)
    with_passes = replace(plan, recipe=replace(plan.recipe, passes=("depth", "mask")))
    render_dataset(plan, tmp_path / "plain", workers=1, backend=FAKE)
    render_dataset(with_passes, tmp_path / "d", workers=1, backend=FAKE)
    with tarfile.open(tmp_path / "d/train/00000.tar") as tar:
        names = tar.getnames()
        first = pq.read_table(tmp_path / "d/train/00000.parquet").to_pylist()[0]
        contents = {name: tar.extractfile(f"{first['key']}.{name}").read() for name in ("depth.png", "mask.png")}
    assert [name.partition(".")[2] for name in names[:4]] == ["depth.png", "jpg", "json", "mask.png"]
    tar_bytes = (tmp_path / "d/train/00000.tar").read_bytes()
    for name in ("depth", "mask"):
        start, size = first[f"{name}_offset"], first[f"{name}_size"]
        assert tar_bytes[start : start + size] == contents[f"{name}.png"]
    plain = pq.read_table(tmp_path / "plain/train/00000.parquet").to_pylist()[0]
    assert plain["sha256"] == first["sha256"]
