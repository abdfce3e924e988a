"""The real renderer: position and appearance in the picture follow the latents."""

import re

import blender_probe
import numpy as np
import pytest
from probing import run

from iebench.manifests.conventions import pose
from iebench.manifests.reading.boxes import boxes
from iebench.manifests.taxonomy import choose
from iebench.renderer.sources import ObjectRef
from iebench.renderer.sources.builtin import Builtin
from iebench.renderer.sources.shapenet import ShapeNet

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def mug():
    return Builtin(None).objects(choose("mug"), 1)[0]


@pytest.fixture(scope="module")
def refs(shapenet):
    train = [o for o in ShapeNet(shapenet).objects(choose("mug"), None) if o.split == "train"]
    return dict(zip(["step", "red", "dangling", "absent"], train, strict=False))


@pytest.mark.parametrize(
    ("hue", "channels"), [(0.0, (147.5, 102.5, 102.5)), (1 / 3, (102.5, 147.5, 102.5)), (2 / 3, (102.5, 102.5, 147.5))]
)
def test_the_bare_floor_has_the_published_colour(blender, mug, hue, channels):
    """In the published images the floor's channels outside the spot are about 147.5 and 102.5 of 255, for every hue."""
    corner = run(blender, blender_probe.picture, mug, floor_hue=hue, light_phi=-1.57, light_theta=0.75)[:10, 8:56]
    assert corner.reshape(-1, 3).mean(0) == pytest.approx(channels, abs=1.5)


def test_hue_and_angles_of_the_spot_determine_its_light_on_the_floor(blender, mug):
    dark = run(blender, blender_probe.picture, mug, floor_hue=0.5, light_hue=0.0, light_theta=0.7, light_phi=0.0)
    # a lamp at +x shines past the origin to -x, the right side of the picture; red light raises the red channel
    red = dark[..., 0].astype(float)
    assert red[36:, 36:].mean() > red[36:, :28].mean() + 5


def test_blender_and_scipy_agree_on_the_pose(blender, mug):
    angles = {"rot_x": 0.3, "rot_y": -1.1, "rot_z": 0.8}
    at_rest, _ = run(blender, blender_probe.mesh_points, mug)
    turned, _ = run(blender, blender_probe.mesh_points, mug, **angles)
    assert turned == pytest.approx(pose(list(angles.values())).apply(at_rest), abs=1e-6)


def test_a_translation_moves_the_object_along_its_own_axes_before_it_turns(blender, mug):
    angles, offset = [0.3, -1.1, 0.8], np.array([0.2, -0.1, 0.4])
    at_rest, _ = run(blender, blender_probe.mesh_points, mug)
    latents = dict(zip([f"rot_{a}" for a in "xyz"] + [f"trans_{a}" for a in "xyz"], [*angles, *offset], strict=True))
    moved, _ = run(blender, blender_probe.mesh_points, mug, **latents)
    assert moved == pytest.approx(pose(angles).apply(at_rest + offset), abs=1e-6)


def test_the_camera_projects_as_the_recipe_says(blender, mug):
    """Independent pinhole camera: at (0, 1.768, 1.768), looking at the origin, 39.6 degrees wide."""
    world, pixels = run(blender, blender_probe.mesh_points, mug, rot_x=0.5, rot_y=0.2, rot_z=-0.9)
    eye = 2.5 * np.array([0, np.sqrt(0.5), np.sqrt(0.5)])
    forward, right = -eye / 2.5, np.array([-1.0, 0.0, 0.0])
    up = np.cross(right, forward)
    rays = world - eye
    scale = 32 / np.tan(0.691111 / 2) / (rays @ forward)
    ours = np.column_stack([32 + scale * (rays @ right), 32 - scale * (rays @ up)])
    assert pixels == pytest.approx(ours, abs=1e-3)


@pytest.mark.parametrize("angles", [(0, 0, 0), (0.4, 0.2, -1.2), (-1.3, 0.9, 0.5)])
def test_an_asymmetric_object_is_drawn_where_its_vertices_are(blender, refs, angles):
    latents = dict(zip(["rot_x", "rot_y", "rot_z"], angles, strict=True))
    image = run(blender, blender_probe.picture, refs["step"], **latents)
    _, pixels = run(blender, blender_probe.mesh_points, refs["step"], **latents)
    rows, columns = np.nonzero(image.max(-1) < 60)  # black paint is darker than any shadow on the floor
    box = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
    assert box == pytest.approx([*pixels.min(0), *pixels.max(0)], abs=1.6)


def test_shapenet_files_stand_upright_on_their_bounding_box_centre(blender, refs):
    world, _ = run(blender, blender_probe.mesh_points, refs["step"])
    assert (world.min(0) + world.max(0)) / 2 == pytest.approx(np.zeros(3), abs=1e-6)
    # the file's y, 0.5 long, is up; its z, 0.2 long, points to -y
    assert np.ptp(world, axis=0) == pytest.approx([0.6, 0.2, 0.5], abs=1e-6)
    upper = world[world[:, 2] > 0.2]
    assert upper[:, 1].min() == pytest.approx(0.0, abs=1e-6)
    assert upper[:, 1].max() == pytest.approx(0.1, abs=1e-6)


def test_a_texture_beside_the_models_folder_reaches_the_pixels(blender, refs):
    centre = run(blender, blender_probe.picture, refs["red"])[28:36, 28:36].reshape(-1, 3).mean(0)
    assert centre[0] > 2 * centre[1]
    assert centre[0] > 2 * centre[2]


def test_a_dangling_texture_is_plain_and_recorded_never_magenta(blender, refs):
    red, green, blue = run(blender, blender_probe.picture, refs["dangling"])[28:36, 28:36].reshape(-1, 3).mean(0)
    assert not (red > 1.3 * green and blue > 1.3 * green)


def rays():
    """Return unit vectors (64, 64, 3) from the camera through the pixel centres, by the independent pinhole camera."""
    across = (np.arange(64) + 0.5 - 32) / 32 * np.tan(0.691111 / 2)
    forward, right = np.array([0, -1, -1]) / np.sqrt(2), np.array([-1.0, 0, 0])
    up = np.cross(right, forward)
    rays = forward + across[None, :, None] * right - across[:, None, None] * up
    return rays / np.linalg.norm(rays, axis=-1, keepdims=True), forward


def test_depth_and_normal_of_the_floor_are_those_of_a_plane(blender, mug):
    passes, _ = run(blender, blender_probe.passes, mug)
    directions, forward = rays()
    eye = 2.5 * np.array([0, np.sqrt(0.5), np.sqrt(0.5)])
    along = (-1 - eye[2]) / directions[..., 2] * (directions @ forward)
    floor = passes["mask"] == 0
    assert 0.5 < floor.mean() < 0.95
    assert passes["depth"][floor] / 8192 == pytest.approx(along[floor], abs=3e-3)
    assert (passes["normal"][floor] == [128, 128, 255]).all()


def test_mask_and_nocs_agree_with_the_vertices(blender, refs):
    latents = {"rot_x": 0.3, "rot_y": -0.2, "rot_z": 0.9, "trans_x": 0.1, "trans_z": -0.2}
    passes, pixels = run(blender, blender_probe.passes, refs["step"], **latents)
    rows, columns = np.nonzero(passes["mask"])
    edges = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
    assert edges == pytest.approx([*pixels.min(0), *pixels.max(0)], abs=1.1)
    view = boxes(passes["boxes"])
    assert view.visible.tolist() == edges
    assert view.whole == pytest.approx(np.array([*pixels.min(0), *pixels.max(0)]), abs=1e-3)
    # inverting pose and camera: the stored point on the object must lie on the ray of its pixel
    points = passes["nocs"][rows, columns] / 255 - 0.5
    world = pose([latents[f"rot_{a}"] for a in "xyz"]).apply(points + np.array([0.1, 0, -0.2]))
    offset = world - 2.5 * np.array([0, np.sqrt(0.5), np.sqrt(0.5)])
    directions, forward = rays()
    seen = directions[rows, columns]
    off_ray = np.linalg.norm(offset - (offset * seen).sum(-1, keepdims=True) * seen, axis=-1)
    assert off_ray.max() < 0.012  # 8 bits a coordinate, and a hundredth of a pixel
    assert passes["depth"][rows, columns] / 8192 == pytest.approx(offset @ forward, abs=0.006)
    projected = (view.object_to_camera[:3, :3] @ points.T).T + view.object_to_camera[:3, 3]
    projected = (projected / projected[:, 2:]) @ view.intrinsics[:2].T
    assert projected == pytest.approx(np.stack([columns, rows], axis=1) + 0.5, abs=0.4)  # 8 bits a coordinate


def test_flow_leads_to_blenders_own_projection_of_the_points(blender, refs):
    latents = {"rot_x": 0.3, "rot_y": -0.2, "rot_z": 0.9, "trans_x": 0.1, "trans_z": -0.2}
    passes, _ = run(blender, blender_probe.passes, refs["step"], **latents)  # the next view is the object at rest
    _, at_rest = run(blender, blender_probe.mesh_points, refs["step"])
    view = boxes(passes["boxes"])
    rows, columns = np.nonzero(passes["mask"])
    right, down, seen = passes["flow"].reshape(3, 64, 64)[:, rows, columns].astype(float)
    moved = np.column_stack([columns + 0.5 + right / 64 - 512, rows + 0.5 + down / 64 - 512])
    assert (moved > at_rest.min(0) - 0.1).all() and (moved < at_rest.max(0) + 0.1).all()
    points = passes["nocs"][rows, columns] / 255 - 0.5  # 8 bits
    placed = points @ view.world_to_camera[:3, :3].T + view.world_to_camera[:3, 3]
    assert moved == pytest.approx((placed / placed[:, 2:]) @ view.intrinsics[:2].T, abs=0.4)
    assert set(seen) == {1, 2}


def test_camera_columns_are_those_of_the_independent_pinhole_camera(blender, mug):
    passes, _ = run(blender, blender_probe.passes, mug)
    to_camera = np.reshape(passes["world_to_camera"], (4, 4))
    intrinsics = np.reshape(passes["camera_intrinsics"], (3, 3))
    directions, forward = rays()
    ahead = to_camera[:3, :3] @ (directions[10, 40] / (directions[10, 40] @ forward))
    assert intrinsics @ ahead == pytest.approx([40.5, 10.5, 1], abs=1e-4)
    assert to_camera @ [0, 2.5 * np.sqrt(0.5), 2.5 * np.sqrt(0.5), 1] == pytest.approx([0, 0, 0, 1], abs=1e-6)


def test_a_picture_is_the_same_whatever_was_rendered_before_it(blender, mug, refs):
    run(blender, blender_probe.picture, refs["red"])
    first, *others = run(blender, blender_probe.with_three_histories, mug, refs["red"])
    assert all((first == other).all() for other in others)


def test_passes_do_not_change_the_picture(blender, mug):
    before, after, again = run(blender, blender_probe.pictures_with_and_without_passes, mug)
    assert np.array_equal(before, after)
    assert np.array_equal(before, again)


BAD = {
    "empty": ("", "(holds no faces|cannot read)"),  # Blender 4, Blender 5
    "noise": ("\x00\xff garbage \n" * 5, "holds no faces"),
    "points": ("v 0 0 0\nv 1 0 0\nv 0 1 0\n", "holds no faces"),
    "nan": ("v nan 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n", "not finite"),
    "point": ("v 1 1 1\nv 1 1 1\nv 1 1 1\nf 1 2 3\n", "no extent"),
    "giant": ("v 0 0 0\nv 1000 0 0\nv 0 1000 0\nf 1 2 3\n", "over 100 units"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_mesh_that_cannot_be_used_is_refused_with_its_cause(blender, tmp_path, name):
    content, words = BAD[name]
    path = tmp_path / f"{name}.obj"
    path.write_text(content, encoding="latin-1")
    error, left_behind = run(blender, blender_probe.failing_load, ObjectRef("s", "o", "c", 0, "train", str(path)))
    assert re.search(words, str(error))
    assert str(path) in str(error)
    assert left_behind <= 0


def test_an_absent_mesh_is_refused(blender, refs):
    error, _ = run(blender, blender_probe.failing_load, refs["absent"])
    assert "no mesh file" in error


def test_swapping_objects_leaves_nothing_behind(blender, mug, refs):
    for ref in (mug, refs["red"]):
        counts = run(blender, blender_probe.data_counts, ref, 6)
        assert counts[1:] == [counts[1]] * 5


def test_a_worker_is_silent(blender, capfd):
    assert run(blender, blender_probe.said_on_stdout) == 7
    assert capfd.readouterr() == ("", "")
