"""Companions: the other objects of a scene are of the same split, and hardly depend on the rest of the list."""

from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest

from iebench.manifests.errors import SettingError
from iebench.manifests.reading.passes import passes_of
from iebench.manifests.reading.samples import Samples
from iebench.manifests.recipe import Recipe, load
from iebench.manifests.taxonomy import choose
from iebench.renderer.blender.controls.wiring import wiring
from iebench.renderer.blender.interface import FAKE
from iebench.renderer.companions import with_companions
from iebench.renderer.errors import UsageError
from iebench.renderer.plan import Plan
from iebench.renderer.proof.rerender import Origin
from iebench.renderer.proof.verify import verify
from iebench.renderer.proof.view import view
from iebench.renderer.rendering.render import render_dataset
from iebench.renderer.sources.builtin import Builtin

OBJECTS = Builtin(None).objects(choose("mug,car,chair"), 40)


def chosen(objects=OBJECTS, seed=0, count=2):
    """Names of the companions of each object by its own name."""
    return {
        (ref.synset, ref.object_id): [(other.synset, other.object_id) for other in ref.companions]
        for ref in with_companions(objects, seed, count)
    }


@pytest.mark.parametrize("count", [2, 3, 4])
def test_companions_are_other_objects_of_the_same_split(count):
    for ref in with_companions(OBJECTS, 0, count):
        names = {(other.synset, other.object_id) for other in (ref, *ref.companions)}
        assert len(names) == count and {other.split for other in ref.companions} == {ref.split}
        assert not any(other.companions for other in ref.companions)


def test_they_depend_on_the_seed_and_not_on_the_order():
    assert chosen(OBJECTS[::-1]) == chosen()
    assert sum(a != b for a, b in zip(chosen().values(), chosen(seed=1).values(), strict=True)) > 100


def test_one_object_more_changes_the_companions_of_few_objects():
    more = Builtin(None).objects(choose("mug,car,chair"), 41)
    before, after = chosen(), chosen(more)
    assert len(more) == 123 and 0 < sum(before[name] != after[name] for name in before) < 12


def test_every_object_is_a_companion_of_some_number_of_others():
    """Gaps on a circle of n places are exponential, so an object is companion of k others with chance 2^-(k + 1)."""
    objects = Builtin(None).objects(choose("mug,car,chair"), 300)
    uses = [name for names in chosen(objects).values() for name in names]
    counts = np.bincount(np.unique(uses, axis=0, return_counts=True)[1])
    assert 0.4 < 1 - counts.sum() / len(objects) < 0.6 and len(counts) < 16


def test_too_few_objects_for_a_scene_is_an_error():
    with pytest.raises(UsageError, match="split val has 1: choose more --classes"):
        with_companions(Builtin(None).objects(choose("mug"), 3), 0, 2)


@pytest.mark.parametrize(("objects", "factors", "words"), [
    (1, slice(None), "objects is 1, but a factor acts on second"),
    (2, slice(7), "objects is 2, but no factor acts on second"),
    (3, slice(None), "objects is 3, but no factor acts on third"),
])  # fmt: skip
def test_the_number_of_objects_and_their_factors_agree(objects, factors, words):
    recipe = load("two-objects")
    with pytest.raises(SettingError, match=words):
        wiring(replace(recipe, objects=objects, factors=recipe.factors[factors]))


def test_a_recipe_keeps_the_number_and_others_their_digest():
    recipe = load("two-objects")
    assert Recipe.from_dict(recipe.as_dict(), "test") == recipe and recipe.as_dict()["objects"] == 2
    assert "objects" not in load().as_dict()


@pytest.mark.slow
def test_a_dataset_of_two_objects(tmp_path):
    """Fake renderer: what readers return, what tables list, and that a part of the plan is the same as the whole."""
    recipe = replace(load("two-objects"), resolution=32, views=2)
    plan = Plan(recipe, "draft", 0, "builtin", "", tuple(with_companions(OBJECTS, 0, 2))).limited(8)
    info = render_dataset(plan, tmp_path / "d", workers=1, backend=FAKE)
    assert info.recipe.objects == 2
    table = pq.read_table(tmp_path / "d" / "objects.parquet").to_pylist()
    listed = {(row["synset"], row["object_id"]): row["companions"].split()[0] for row in table}
    assert listed == {name: "/".join(chosen()[name][0]) for name in listed}
    report = verify(tmp_path / "d", 1, rerender=4, origin=Origin())
    assert not report.failures
    key = Samples(tmp_path / "d", info).at([0])[0].key
    lines = view(tmp_path / "d", key, tmp_path / "a.png", False, Origin(), "cpu")
    assert any(
        "boxes of object 2 (left, top, right, bottom in pixels): visible 0.0 0.0 4.0 4.0" in line for line in lines
    )
    (sample,) = Samples(tmp_path / "d", info).at([0])
    passes = passes_of(sample, recipe)
    assert passes.masks.shape == (2, 32, 32) and not passes.masks.all(0).any()
    assert np.array_equal(passes.mask, passes.masks[0]) and passes.masks[1].sum() == 16
    (other,) = passes.boxes.others
    assert other.visible.tolist() == [0, 0, 4, 4] and passes.boxes.visible[0] > 0
