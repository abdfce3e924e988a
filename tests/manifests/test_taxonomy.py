"""The classes and the official object list have the published numbers of entries."""

from collections import Counter

import pytest

from iebench.manifests.errors import UnknownName
from iebench.manifests.taxonomy import choose, classes, official_objects


def test_labels_rank_the_synsets():
    assert [c.synset for c in classes()] == sorted(c.synset for c in classes())
    assert [c.label for c in classes()] == list(range(55))


def test_the_official_split_has_the_published_sizes():
    rows = official_objects().to_pylist()
    assert Counter(row["split"] for row in rows) == {"train": 41920, "val": 10552}
    assert len({(row["synset"], row["object_id"]) for row in rows}) == 52472
    tables = Counter(row["split"] for row in rows if row["synset"] == "04379243")
    assert tables == {"train": 6748, "val": 1688}


def test_classes_by_number_and_by_name():
    assert len(choose("55")) == 55
    assert len({c.label for c in choose("7")}) == 7
    assert [c.name for c in choose("mug, 02691156,mug")] == ["airplane", "mug"]


@pytest.mark.parametrize(("wrong", "words"), [("chiar", "did you mean chair"), ("56", "1 .. 55"), ("0", "1 .. 55")])
def test_unknown_classes_are_refused(wrong, words):
    with pytest.raises(UnknownName, match=words):
        choose(wrong)
