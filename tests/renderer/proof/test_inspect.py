"""`inspect`: PNG files and one self-contained page."""

import re
import shutil
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image
from tampering import resealed

from iebench.manifests.errors import DatasetError
from iebench.manifests.laws import Constant
from iebench.manifests.recipe import load
from iebench.manifests.schema import ADDED
from iebench.renderer.blender.interface import FAKE
from iebench.renderer.proof.inspect import inspect
from iebench.renderer.rendering.render import render_dataset

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def written(tiny_dataset, tmp_path_factory):
    return {path.name: path for path in inspect(tiny_dataset, tmp_path_factory.mktemp("inspect"))}


def test_every_picture_is_a_png(written):
    assert set(written) == {"classes.png", "views.png", "sweeps.png", "latents.png", "faces.png", "index.html"}
    for name in written.keys() - {"index.html"}:
        with Image.open(written[name]) as image:
            image.load()
            assert image.format == "PNG" and image.width > 400


def test_published_pictures_have_no_chart_of_faces(imported, tmp_path):
    files = {path.name: path for path in inspect(imported, tmp_path)}
    assert "faces.png" not in files and files["index.html"].read_text(encoding="utf-8").count("<svg") == 1


def test_the_page_needs_nothing_else_and_no_script(written):
    page = written["index.html"].read_text(encoding="utf-8")
    assert "<script" not in page and "prefers-color-scheme: dark" in page
    sources = re.findall(r"""(?:src|href)=["']([^"']*)""", page)
    images = [source for source in sources if source.startswith("data:image/jpeg")]
    assert len(images) == 6 + 4 * 6 + 7 * 6  # classes, views, sweeps
    assert all(source.startswith(("data:", "#")) for source in sources)  # "#": inside the drawings
    assert page.count("<svg") == 2 and "currentColor" in page
    assert not re.search(r"\$[a-z]", page)  # nothing left to fill in


def test_the_page_shows_the_values_of_the_dataset(written):
    page = written["index.html"].read_text(encoding="utf-8")
    for words in ("180 images of 32 pixels, 6 classes, recipe 3diebench", "drawn from seed 0", "fake, 1, CPU"):
        assert words in page
    for factor in load().factor_names:
        assert f"<td>{factor}</td>" in page
    assert "No object failed." in page


def test_the_same_dataset_gives_the_same_files(written, tiny_dataset, tmp_path):
    for path in inspect(tiny_dataset, tmp_path):
        assert path.read_bytes() == written[path.name].read_bytes()


def test_causes_are_listed_and_cannot_break_the_page(tiny_dataset, tmp_path):
    folder = shutil.copytree(tiny_dataset, tmp_path / "d")
    schema = pq.read_schema(folder / "failures.parquet")
    row = {"synset": "1", "object_id": "x", "split": "val", "cause": "<b>no mesh</b>"}
    pq.write_table(
        pq.read_table(folder / "failures.parquet").from_pylist([row] * 60, schema), folder / "failures.parquet"
    )
    objects = pq.read_table(folder / "objects.parquet")
    rows = [
        {**row, "missing": "a.png\n<i>.jpg", "notes": "Kd go up to <u>", "faces": 10, "doubles": 90}
        for row in objects.to_pylist()
    ]
    pq.write_table(pa.Table.from_pylist(rows, objects.schema), folder / "objects.parquet")
    resealed(folder)
    inspect(folder, tmp_path / "out")
    page = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert page.count("&lt;b&gt;no mesh&lt;/b&gt;") == 50 and "<b>" not in page
    assert "... and 10 more in failures.parquet" in page
    assert page.count("<dt>missing</dt>") == 51 and "&lt;i&gt;.jpg, of " in page and "<i>" not in page
    assert "... and 10 more in objects.parquet" in page
    assert "2,700 of 3,000 in 30 objects, drawn once" in page
    assert page.count("<dt>note</dt>") == 30 and "Kd go up to &lt;u&gt;, of " in page


def test_a_dataset_from_before_some_columns_is_shown(tiny_dataset, tmp_path):
    folder = shutil.copytree(tiny_dataset, tmp_path / "d")
    objects = pq.read_table(folder / "objects.parquet")
    pq.write_table(objects.drop_columns(sorted(ADDED & set(objects.column_names))), folder / "objects.parquet")
    assert inspect(folder, tmp_path / "out")


@pytest.mark.parametrize("name", ["orbit", "3diebench-t"])
def test_other_recipes_can_be_shown_too(name, tiny_plan, tmp_path):
    plan = tiny_plan(classes="1", per_class=2)
    recipe = replace(load(name), views=6, resolution=16)
    render_dataset(replace(plan, recipe=recipe), tmp_path / "d", workers=1, backend=FAKE)
    assert len(inspect(tmp_path / "d", tmp_path / "out")) == 6
    page = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    laws = [factor for factor in recipe.factors if not isinstance(factor.law, Constant)]
    assert page.count("<h3>") == 2 + len(laws)  # two objects' views, and a sweep of what varies


@pytest.mark.parametrize(
    ("file", "column", "value", "words"),
    [
        ("train/00000.parquet", "rot_x", float("inf"), "rot_x is not finite in some views"),
        ("objects.parquet", "faces", -5, "-5 faces: restore it"),
    ],
)
def test_numbers_that_cannot_be_drawn_are_named(tiny_dataset, tmp_path, file, column, value, words):
    folder = shutil.copytree(tiny_dataset, tmp_path / "tiny")
    table = pq.read_table(folder / file)
    values = [value, *table[column].to_pylist()[1:]]
    index = table.schema.get_field_index(column)
    pq.write_table(
        table.set_column(index, table.schema.field(index), pa.array(values, table.schema.field(index).type)),
        folder / file,
    )
    with pytest.raises(DatasetError, match=words):
        inspect(folder, tmp_path / "out")
