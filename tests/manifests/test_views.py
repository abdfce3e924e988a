"""Views: drawn from the seed, or exactly those of a given table."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from iebench.manifests.errors import SettingError
from iebench.manifests.latents import draw_all
from iebench.manifests.recipe import load
from iebench.manifests.views import GivenViews, drawn, read_given

RECIPE = replace(load(), views=3)


def table(rows=(("s", "b", 1), ("s", "a", 7), ("s", "b", 0)), **columns):
    names = {"synset": [r[0] for r in rows], "object_id": [r[1] for r in rows], "view": [r[2] for r in rows]}
    latents = {name: np.arange(len(rows)) / 8 for name in RECIPE.factor_names}
    return pa.table({**names, **latents, **columns})


def test_drawn_views_are_numbered_and_follow_the_laws():
    views = drawn(RECIPE, 5, "s", "o")
    assert views.numbers == (0, 1, 2)
    expected = draw_all(RECIPE, 5, "s", "o", 3)
    assert views.of(2) == {name: values[2] for name, values in expected.items()}


def test_given_views_come_back_by_object_and_number():
    views = GivenViews(table(), RECIPE, "t")
    assert views.objects == [("s", "a"), ("s", "b")]
    assert [views.count(*name) for name in views.objects] == [1, 2]
    assert views.most == 2
    assert views.of("s", "a").numbers == (7,)
    assert views.of("s", "b").numbers == (0, 1)
    assert views.of("s", "b").of(0) == dict.fromkeys(RECIPE.factor_names, 2 / 8)


def test_the_digest_is_of_the_content_not_of_its_order_or_type():
    views = GivenViews(table(), RECIPE, "t")
    shuffled = table().take([2, 0, 1]).append_column("more", [["x", "y", "z"]])
    assert GivenViews(shuffled, RECIPE, "t").sha256 == views.sha256
    assert GivenViews(table(view=pa.array([1, 7, 0], pa.int16())), RECIPE, "t").sha256 == views.sha256
    assert GivenViews(table(rot_x=[0.0, 0.5, 0.25]), RECIPE, "t").sha256 != views.sha256


def test_a_dataset_gives_its_own_views(tiny_dataset):
    views = read_given(tiny_dataset, RECIPE)
    assert len(views.objects) == 30
    for synset, object_id in views.objects[::7]:
        assert views.of(synset, object_id) == drawn(replace(RECIPE, views=6), 0, synset, object_id)


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (
            table().drop_columns("rot_y"),
            "no column 'rot_y', which the recipe needs: add it, or rename the column that holds it",
        ),
        (
            table().drop_columns("view"),
            r"no column 'view', which the recipe needs: add it.* \(synset, object_id, rot_x,",
        ),
        (table(rot_x=[0.0, float("nan"), 1.0]), "'rot_x' holds values that are not finite numbers"),
        (table(rot_x=[0.0, None, 1.0]), "'rot_x' holds values that are not finite numbers"),
        (table(rot_x=["a", "b", "c"]), "'rot_x' holds string, not numbers"),
        (table((("s", "a", 1), ("s", "a", 1))), "view 1 of s/a occurs twice"),
        (table((("s", "a", 1000),)), r"whole numbers in 0 \.\. 999"),
        (table((("s", "a", -1),)), r"whole numbers in 0 \.\. 999"),
        (table(view=["a", "b", "c"]), "'view' holds string, not numbers"),
        (table(view=[0.0, 0.5, 1.0]), r"'view' holds 0\.5; views are whole numbers"),
        (table(object_id=["a", None, "b"]), "'object_id' has rows without a value"),
        (table(view=[0, 1, 1 << 62]), r"'view' \(int64\) cannot be used as double: mend its values"),
        (table(object_id=[["a"], ["b"], ["c"]]), r"'object_id' \(list.* cannot be used as string: mend its values"),
        (table(synset=[b"\xff", b"a", b"b"]), r"'synset' \(.* cannot be used as string: mend its values"),
        (
            table(synset=pa.array([b"\xff"] * 3).view(pa.string())),
            r"'synset' \(.* cannot be used as string: mend its values",
        ),
        (table(()), "it needs a row for each view"),
    ],
)
def test_a_table_that_cannot_be_used_is_one_sentence(tmp_path, broken, words):
    pq.write_table(broken, tmp_path / "t.parquet")
    with pytest.raises(SettingError, match=words) as error:
        read_given(tmp_path / "t.parquet", RECIPE)
    assert "t.parquet" in str(error.value) and "\n" not in str(error.value)


def test_latents_that_the_recipe_would_ignore_are_an_error(tmp_path):
    moved = pa.field("trans_x", pa.float64(), metadata={"law": "Uniform(low=-0.5, high=0.5)"})
    pq.write_table(table().append_column(moved, [[0.1, 0.2, 0.3]]), tmp_path / "t.parquet")
    with pytest.raises(SettingError, match="trans_x, which recipe 3diebench would ignore"):
        read_given(tmp_path / "t.parquet", RECIPE)


def test_a_file_that_is_no_table_is_one_sentence(tmp_path):
    (tmp_path / "t.parquet").write_text("no")
    for path, words in [("t.parquet", "cannot read"), ("gone", "no such file"), (".", "holds no shards")]:
        with pytest.raises(SettingError, match=words):
            read_given(tmp_path / path, RECIPE)
