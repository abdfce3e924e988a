"""Choice of samples to show: every class once, objects of different classes, each factor in ascending order."""

from dataclasses import replace

import pytest

from iebench.manifests.dataset import DatasetInfo
from iebench.manifests.laws import Constant
from iebench.manifests.reading import choose
from iebench.manifests.reading.samples import Samples
from iebench.manifests.reading.words import value_in_words


@pytest.fixture
def samples(tiny_dataset):
    return Samples(tiny_dataset, DatasetInfo.load(tiny_dataset))


def test_every_class_is_shown_once_in_label_order(samples):
    row = choose.classes(samples)
    labels = [sample.row["label"] for sample in row.samples]
    assert labels == sorted({note["label"] for note, _ in samples.objects})
    assert row.captions == [sample.row["class_name"] for sample in row.samples]
    assert {sample.row["view"] for sample in row.samples} == {0}


@pytest.mark.parametrize("objects", [1, 4, 6, 9, 100])
def test_views_are_of_different_objects_and_classes(samples, objects):
    rows = choose.views(samples, objects)
    assert len(rows) == min(objects, 30)
    assert len({row.title for row in rows}) == len(rows)
    assert len({row.samples[0].row["label"] for row in rows}) == min(objects, 6)


def test_a_sweep_ascends_in_its_factor_and_keeps_to_one_object(samples):
    recipe = samples.info.recipe
    rows = choose.sweeps(samples)
    assert len(rows) == len(recipe.factors)
    for factor, row in zip(recipe.factors, rows, strict=True):
        values = [sample.row[factor.name] for sample in row.samples]
        assert values == sorted(values) and len(values) == 6
        assert len({(s.row["synset"], s.row["object_id"]) for s in row.samples}) == 1
        assert row.captions == [value_in_words(value, factor.unit) for value in values]


def test_of_many_samples_a_sweep_takes_those_whose_other_factors_are_in_the_middle(samples):
    recipe, candidates = samples.info.recipe, samples.at(range(180))
    chosen = choose.sweep(candidates, recipe.factors[0], recipe)
    assert len(chosen) == choose.ACROSS

    def apart(some):
        return sum(abs(s.row["floor_hue"] - 0.5) + abs(s.row["light_hue"] - 0.5) for s in some) / len(some)

    assert apart(chosen) < 0.8 * apart(candidates)


def test_a_factor_that_does_not_vary_is_not_swept(samples):
    recipe = samples.info.recipe
    fixed = [replace(s, row={**s.row, "rot_x": 0.5}) for s in samples.at(range(6))]
    factor = replace(recipe.factors[0], law=Constant(0.5))
    assert choose.sweep(fixed, factor, replace(recipe, factors=(factor, *recipe.factors[1:]))) == []
