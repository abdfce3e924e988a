"""Passes as arrays: each decodes to the values that were stored, and those that are not stored are None."""

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from iebench.benchmark.python.datasets import open_dataset
from iebench.manifests.errors import DatasetError
from iebench.manifests.reading.passes import distances
from iebench.renderer.blender.interface import FAKE
from iebench.renderer.rendering.render import render_dataset


def test_depths_are_in_units_and_the_last_level_is_infinite():
    levels = np.array([[8192, 12288], [0, 65535]], np.uint16)
    out = io.BytesIO()
    Image.fromarray(levels).save(out, "PNG")
    assert distances(out.getvalue()).tolist() == [[1.0, 1.5], [0.0, np.inf]]


@pytest.fixture(scope="module")
def folder(tiny_plan, tmp_path_factory):
    plan = tiny_plan(classes="2", per_class=2, views=3)
    passes = ("boxes", "camera", "depth", "flow", "mask", "nocs", "normal")
    folder = tmp_path_factory.mktemp("data") / "passes"
    render_dataset(replace(plan, recipe=replace(plan.recipe, passes=passes)), folder, workers=1, backend=FAKE)
    return folder


def test_all_passes_of_a_view_agree_with_each_other(folder):
    data = open_dataset(folder)
    for index in (0, 5, -1):
        view = data.passes(index)
        side = data.info.recipe.resolution
        assert view.mask.shape == (side, side) and view.mask.any() and not view.mask.all()
        assert (np.isfinite(view.nocs).all(-1) == view.mask).all()
        assert (np.isfinite(view.flow).all(-1) == view.mask).all() and not view.seen_next[~view.mask].any()
        np.testing.assert_allclose(view.boxes.intrinsics, view.intrinsics)
        np.testing.assert_allclose(view.boxes.world_to_camera, view.world_to_camera)
        # a point on the object lies as deep in the camera's frame as the depth says, and projects to its pixel
        rows, columns = np.nonzero(view.mask)
        points = view.nocs[rows, columns].astype(float)
        seen = points @ view.boxes.object_to_camera[:3, :3].T + view.boxes.object_to_camera[:3, 3]
        assert np.abs(seen[:, 2] - view.depth[rows, columns]).max() < 0.01
        pixels = (seen / seen[:, 2:]) @ view.intrinsics[:2].T
        offsets = np.abs(pixels - np.stack([columns, rows], axis=1) - 0.5).max(1)
        assert np.median(offsets) < 1.0  # the renderer for tests draws a ball, not exactly its perspective
        lengths = np.linalg.norm(view.normal[view.mask], axis=-1)
        assert np.abs(lengths - 1).max() < 0.02


def test_passes_that_are_not_stored_are_none_and_indices_are_checked(tiny_dataset):
    data = open_dataset(tiny_dataset)
    assert all(value is None for value in vars(data.passes(0)).values())
    with pytest.raises(IndexError, match="and no view"):
        data.passes(len(data))


def test_a_damaged_pass_is_named(folder, monkeypatch):
    monkeypatch.setattr("iebench.manifests.reading.samples.Sample.read", lambda *_: b"no picture")
    with pytest.raises(DatasetError, match=r"a pass of .* cannot be read"):
        open_dataset(folder).passes(0)
