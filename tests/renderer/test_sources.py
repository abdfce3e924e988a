"""Sources list the right objects in the right splits."""

from collections import Counter

import pytest

from iebench.manifests.taxonomy import choose, classes
from iebench.renderer.errors import SourceError
from iebench.renderer.sources import Builtin, ShapeNet


@pytest.mark.parametrize("count", [2, 5, 10, 23])
def test_every_builtin_class_is_in_both_splits_from_two_objects_up(count):
    objects = Builtin(None).objects(classes(), count)
    assert len(objects) == 55 * count
    splits = Counter((o.synset, o.split) for o in objects)
    assert all(splits[c.synset, "train"] >= 1 and splits[c.synset, "val"] >= 1 for c in classes())


def test_more_objects_keep_the_split_of_the_first():
    few, many = (Builtin(None).objects(choose("mug"), n) for n in (4, 12))
    assert many[:4] == few


def test_shapenet_follows_the_official_list_and_split(shapenet):
    mugs = ShapeNet(shapenet).objects(choose("mug"), None)
    assert Counter(o.split for o in mugs) == {"train": 171, "val": 43}
    assert all(o.mesh == str(shapenet / "03797390" / o.object_id / "models" / "model_normalized.obj") for o in mugs)


@pytest.mark.parametrize(("per_class", "expected"), [(1, (1, 0)), (2, (1, 1)), (5, (4, 1)), (10, (8, 2))])
def test_shapenet_subsets_keep_both_splits(shapenet, per_class, expected):
    split = Counter(o.split for o in ShapeNet(shapenet).objects(choose("mug"), per_class))
    assert (split["train"], split["val"]) == expected


def test_what_is_not_there_is_one_sentence(shapenet, tmp_path):
    with pytest.raises(SourceError, match=r"no folder 02691156 \(airplane\)"):
        ShapeNet(shapenet).objects(choose("airplane,mug"), None)
    with pytest.raises(SourceError, match="no such folder"):
        ShapeNet(tmp_path / "nowhere")
    with pytest.raises(SourceError, match="shapenet PATH"):
        ShapeNet(None)
    with pytest.raises(SourceError, match="need no path"):
        Builtin(tmp_path)
