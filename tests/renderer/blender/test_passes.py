"""Passes: stored values follow the geometry, in the stated frame and unit."""

import io
import itertools
import json
import tarfile
from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image
from scipy.spatial.transform import Rotation

from iebench.manifests.conventions import pose
from iebench.manifests.errors import DatasetError
from iebench.manifests.reading.boxes import boxes
from iebench.manifests.reading.pictures import flow_in_colour, motion
from iebench.manifests.reading.samples import Samples
from iebench.manifests.recipe import load
from iebench.manifests.shell.cli import main
from iebench.renderer.blender.fake import FakeRenderer
from iebench.renderer.blender.interface import FAKE, Geometry
from iebench.renderer.blender.passes import PASSES, encode_passes, measure_passes
from iebench.renderer.proof.rerender import Origin, render_again
from iebench.renderer.rendering.render import render_dataset

pytestmark = pytest.mark.slow

SIZE = 64
ANGLES = (0.4, -0.3, 1.1)


@pytest.fixture(scope="module")
def stored():
    recipe = replace(load(), resolution=SIZE)
    latents = dict(zip(recipe.factor_names, [*ANGLES, 0, 0, 0, 0], strict=True))
    geometry = FakeRenderer(recipe, recipe.quality["fast"], "cpu", 1).geometry(latents)
    files = encode_passes(geometry, geometry, sorted(PASSES))
    stored = {"boxes": boxes(files.pop("boxes.json"))} | measure_passes(geometry, sorted(PASSES))
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
    assert stored["world_to_camera"] == view.world_to_camera.ravel().tolist()
    assert stored["camera_intrinsics"] == view.intrinsics.ravel().tolist()
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


def looking(turn: float, shift: float = 0.0) -> Geometry:
    """Return the geometry of a cube of side 1 by exact ray casting: turned about the vertical and moved to the right.

    The camera is 3 units before the origin; its image has 64 pixels and a focal length of 80.
    """
    placed = np.eye(4)
    placed[:3, :3] = Rotation.from_rotvec([0, turn, 0]).as_matrix()
    placed[:3, 3] = [shift, 0, 3]
    intrinsics = np.array([[80.0, 0, SIZE / 2], [0, 80, SIZE / 2], [0, 0, 1]])
    edge = np.arange(SIZE) + 0.5
    rays = np.stack([*np.meshgrid(edge, edge), np.ones((SIZE, SIZE))], axis=-1) @ np.linalg.inv(intrinsics).T
    back = np.linalg.inv(placed)
    start, way = back[:3, 3], rays @ back[:3, :3].T
    near, far = np.sort([(-0.5 - start) / way, (0.5 - start) / way], axis=0)
    near, far = near.max(-1), far.min(-1)
    hit = near < far
    cube = np.array(list(itertools.product([-0.5, 0.5], repeat=3)))
    position = rays * np.where(hit, near, 0)[..., None]
    return Geometry(
        position, np.zeros_like(rays), hit, hit, back, np.zeros(3), np.array([0.0, 0, 1]), np.eye(4), intrinsics, cube
    )


def test_flow_leads_to_the_same_point_where_the_next_view_shows_it():
    first, second = looking(0.3), looking(0.7, shift=0.4)
    buffer = io.BytesIO()
    Image.fromarray(PASSES["flow"](first, second)).save(buffer, "PNG")
    moved, seen = motion(buffer.getvalue())
    assert np.array_equal(~np.isnan(moved[..., 0]), first.object) and not seen[~first.object].any()
    own = [g.position @ g.to_object[:3, :3].T + g.to_object[:3, 3] for g in (first, second)]
    for row, column in np.argwhere(first.object):  # one pixel at a time
        point = np.linalg.inv(second.to_object) @ [*own[0][row, column], 1]
        pixel = (second.intrinsics @ point[:3])[:2] / point[2]
        assert moved[row, column] == pytest.approx(pixel - [column + 0.5, row + 0.5], abs=1 / 128 + 1e-4)
        right, down = np.floor(pixel).astype(int)
        if seen[row, column]:  # the surface there is the same one, up to the size of a pixel
            assert np.linalg.norm(own[1][down, right] - own[0][row, column]) < 0.06
    assert seen.sum() > 500 and (first.object & ~seen).sum() > 20  # the face that turns away


def test_flow_is_zero_between_equal_views_and_its_drawing_white():
    geometry = looking(0.3)
    buffer = io.BytesIO()
    Image.fromarray(PASSES["flow"](geometry, geometry)).save(buffer, "PNG")
    moved, seen = motion(buffer.getvalue())
    assert not np.nan_to_num(moved).any() and np.array_equal(seen, geometry.object)
    assert np.array_equal(flow_in_colour(moved).min(-1) == 255, geometry.object)


def test_the_flow_of_a_sample_is_rendered_again_with_its_next_view(tiny_plan, tmp_path):
    plan = tiny_plan(classes="2", per_class=2, views=3)
    plan = replace(plan, recipe=replace(plan.recipe, passes=("flow", "mask")))
    info = render_dataset(plan, tmp_path / "d", workers=1, backend=FAKE)
    samples = Samples(tmp_path / "d", info).at(range(6))
    assert len({sample.read("flow") for sample in samples}) == len(samples)
    _, repeats = render_again(samples[:5], info, Origin(), "cpu", 1)
    assert all(repeat.same for repeat in repeats)
    with pytest.raises(SystemExit) as stop:
        main(["verify", str(tmp_path / "d")])
    assert not stop.value.code


def test_the_camera_is_columns_that_every_reader_and_proof_knows(tiny_plan, tmp_path):
    plan = tiny_plan(classes="2", per_class=2, views=2)
    plan = replace(plan, recipe=replace(plan.recipe, passes=("camera", "mask")))
    info = render_dataset(plan, tmp_path / "d", workers=1, backend=FAKE)
    table = pq.read_table(tmp_path / "d/train/00000.parquet")
    assert {len(value) for value in table["world_to_camera"].to_pylist()} == {16}
    with tarfile.open(tmp_path / "d/train/00000.tar") as tar:
        assert [name.partition(".")[2] for name in tar.getnames()[:3]] == ["jpg", "json", "mask.png"]
        assert "world_to_camera" not in json.loads(tar.extractfile(f"{table['key'][0].as_py()}.json").read())
    _, repeats = render_again(Samples(tmp_path / "d", info).at(range(4)), info, Origin(), "cpu", 1)
    assert all(repeat.same for repeat in repeats)
    for line in (
        "verify {0}/d",
        "export sie-folder {0}/d {0}/f",
        "import sie-folder {0}/f {0}/again",
        "verify {0}/again",
    ):
        with pytest.raises(SystemExit) as stop:
            main(line.format(tmp_path).split())
        assert not stop.value.code
    assert pq.read_table(tmp_path / "again/train/00000.parquet").equals(table)


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
