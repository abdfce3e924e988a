"""The pass `nocs` is read by row, as points; damaged bytes are named."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pytest
import torch
from plans import plan_of
from scoring import SMALL
from torch import nn

from iebench.benchmark.data.images import Images, check_values
from iebench.benchmark.data.passes import ObjectPoints
from iebench.benchmark.encoders.prepared import prepare
from iebench.benchmark.encoders.registry import LoadedEncoder
from iebench.benchmark.errors import DatasetError
from iebench.benchmark.scoring.splits import load_split
from iebench.renderer.blender.fake import FakeRenderer
from iebench.renderer.blender.interface import FAKE
from iebench.renderer.rendering.render import render_dataset

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    plan = plan_of(classes="2", per_class=2, views=2)
    folder = tmp_path_factory.mktemp("data") / "points"
    render_dataset(replace(plan, recipe=replace(plan.recipe, passes=("nocs",))), folder, workers=1, backend=FAKE)
    return folder


def test_points_are_those_of_the_geometry(dataset: Path) -> None:
    images = Images.open(dataset, "val")
    surfaces = ObjectPoints.of(images)
    assert surfaces is not None
    rows = np.array([3, 0, 1])
    recipe = images.info.recipe
    for row, points in zip(rows, surfaces.read(rows), strict=True):
        latents = {name: float(values[row]) for name, values in images.latents.items()}
        geometry = FakeRenderer(recipe, recipe.quality["fast"], "cpu", 1).geometry(latents)
        own = geometry.position @ geometry.to_object[:3, :3].T
        assert np.array_equal(np.isfinite(points[..., 0]), geometry.object)
        assert points[geometry.object] == pytest.approx(own[geometry.object], abs=0.5 / 255 + 1e-6)


def test_a_subset_has_points_of_its_own_rows_and_a_dataset_without_the_pass_has_none(
    dataset: Path, tiny_dataset: Path
) -> None:
    train = Images.open(dataset, "train")
    half = Images.open(dataset, "train", subset=1)
    readers = ObjectPoints.of(train), ObjectPoints.of(half)
    assert readers[0] is not None and readers[1] is not None
    first = train.table["key"].to_pylist().index(half.table["key"][1].as_py())
    np.testing.assert_array_equal(readers[1].read(np.array([1])), readers[0].read(np.array([first])))
    assert ObjectPoints.of(Images.open(tiny_dataset, "val")) is None


def test_probes_get_the_points_of_the_views_that_they_get(dataset: Path, tmp_path: Path) -> None:
    encoder = prepare(LoadedEncoder("mean", nn.Sequential(nn.AdaptiveAvgPool2d(2), nn.Flatten())), 32, CPU)
    split = load_split(encoder, dataset, "val", tmp_path, CPU, SMALL, 0, limit=1).split
    surfaces = ObjectPoints.of(Images.open(dataset, "val"))
    assert split.objects == 1 and split.points is not None and surfaces is not None
    np.testing.assert_array_equal(split.points(np.array([1, 0])), surfaces.read(np.array([1, 0])))


def test_damaged_points_are_named(dataset: Path) -> None:
    images = Images.open(dataset, "val")
    reader = ObjectPoints.of(images)
    assert reader is not None
    shifted = images.table.set_column(
        images.table.column_names.index("nocs_offset"), "nocs_offset", [images.table["offset"].to_numpy()]
    )
    other = ObjectPoints.of(replace(images, table=shifted))
    assert other is not None
    with pytest.raises(DatasetError, match=r"00000.tar is damaged: the image at byte \d+ does not have the SHA-256"):
        other.read(np.array([0]))


def test_a_digest_of_a_pass_that_is_none_is_named(dataset: Path) -> None:
    table = Images.open(dataset, "val").table
    column = table.column_names.index("nocs_sha256")
    cut = table.set_column(column, "nocs_sha256", pc.utf8_slice_codeunits(table["nocs_sha256"], 0, 10))
    with pytest.raises(DatasetError, match=r"a.parquet: nocs_sha256 of image .* restore it or render"):
        check_values(Path("a.parquet"), cut, [])
