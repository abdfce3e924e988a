"""Folders of meshes in the wild: splits as folders, unsupported formats, several meshes in a folder."""

import re
import shutil
from collections import Counter

import pytest
from cleaning import cause

from iebench.manifests.taxonomy import choose
from iebench.renderer.errors import SourceError
from iebench.renderer.sources.folder import Folder
from iebench.renderer.sources.formats import UNREAD, models_in
from iebench.renderer.sources.shapenet import ShapeNet


def touch(root, *paths):
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(b"OFF 0 0 0\n")
    return root


def objects(root):
    source = Folder(root)
    return {f"{o.class_name}/{o.object_id}": o for o in source.objects(source.classes(), None)}


def labels(root):
    return {c.name: c.label for c in Folder(root).classes()}


# --- splits -------------------------------------------------------------------------------------------------

MODELNET = {"bathtub": {"train": (0, 1, 2), "test": (106, 107)}, "night_stand": {"train": (0, 1), "test": (200,)}}


@pytest.mark.parametrize("layout", ["{c}/{s}/{c}_{n:04d}.off", "{s}/{c}/{c}_{n:04d}.off"])
@pytest.mark.parametrize("names", [("train", "test"), ("Train", "Test"), ("TRAIN", "Val"), ("training", "validation")])
def test_folders_named_like_splits_give_the_split(tmp_path, layout, names):
    """ModelNet10 and 40, with the other files of their zip archives."""
    named = dict(zip(("train", "test"), names, strict=True))
    for c, splits in MODELNET.items():
        for split, numbers in splits.items():
            touch(tmp_path, *(layout.format(c=c, s=named[split], n=n) for n in numbers))
    touch(tmp_path, "README.txt", ".DS_Store", "__MACOSX/bathtub/._train")
    refs = objects(tmp_path)
    assert {name: o.split for name, o in refs.items()} == {
        f"{c}/{c}_{n:04d}": {"train": "train", "test": "val"}[split]
        for c, splits in MODELNET.items()
        for split, numbers in splits.items()
        for n in numbers
    }
    assert labels(tmp_path) == {"bathtub": 0, "night_stand": 1}
    source = Folder(tmp_path)
    source.classes()
    assert source.notes() == [
        f"{tmp_path}: its folders give the split: {names[0]} (5 objects) is train, {names[1]} (3 objects) is val"
    ]


def test_all_held_out_objects_are_val(tmp_path):
    touch(tmp_path, "a/train/1.off", "a/val/2.off", "a/test/3.off", "b/train/4.off")
    assert {name: o.split for name, o in objects(tmp_path).items()} == {
        "a/1": "train", "a/2": "val", "a/3": "val", "b/4": "train"
    }  # fmt: skip


def test_splits_that_count_from_one_hold_different_objects(tmp_path):
    """Objects of train keep the ids that they would have without the other split."""
    touch(tmp_path, "train/a/1.off", "test/a/1.off", "val/a/1.off", "test/a/2.off")
    refs = objects(tmp_path)
    assert {name: o.path for name, o in refs.items()} == {
        "a/1": "train/a/1.off", "a/1_test": "test/a/1.off", "a/1_val": "val/a/1.off", "a/2": "test/a/2.off"
    }  # fmt: skip


def test_objects_in_folders_of_their_own_below_a_split(tmp_path):
    touch(tmp_path, "a/train/x/models/m.obj", "a/test/y/m.obj", "a/test/z/m.fbx")
    assert {name: o.split for name, o in objects(tmp_path).items()} == {"a/x": "train", "a/y": "val", "a/z": "val"}


@pytest.mark.parametrize("other", ["airplane/b.off", "train/c.off", "test_tube/d.off"])
def test_a_class_may_be_called_train(tmp_path, other):
    touch(tmp_path, "train/a/m.off", other)
    assert "train" in labels(tmp_path)
    assert "train/a" in objects(tmp_path)


def test_folders_beside_split_folders_are_named(tmp_path):
    touch(tmp_path, "train/a/1.off", "test/a/2.off", "preview/a/1.png")
    source = Folder(tmp_path)
    source.classes()
    assert "folders beside split folders: 1 (preview)" in source.notes()[-1]


# --- what cannot be loaded ----------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", UNREAD)
def test_a_format_that_is_not_read_is_a_failure_with_a_remedy_and_moves_no_label(tmp_path, suffix):
    touch(tmp_path, "chair/a.obj", f"chair/c{suffix}", f"lamp/l{suffix.upper()}", f"table/t1/t1{suffix}", "vase/v.obj")
    assert labels(tmp_path) == {"chair": 0, "lamp": 1, "table": 2, "vase": 3}
    refs = objects(tmp_path)
    assert set(refs) == {"chair/a", "chair/c", "lamp/l", "table/t1", "vase/v"}
    for name in ("chair/c", "lamp/l", "table/t1"):
        words = rf" is in {UNREAD[suffix]} format, which iebench does not read: convert it to glTF \(.glb\) or OBJ"
        assert re.search(words, cause(refs[name]))
    source = Folder(tmp_path)
    source.classes()
    [note] = source.notes()
    names = f"chair/c{suffix}, lamp/l{suffix.upper()}, table/t1"
    assert f"objects that cannot be loaded and will be failures: 3 ({names}): c{suffix} is in" in note
    assert "convert it to glTF (.glb) or OBJ" in note


def test_an_object_in_several_formats_is_no_failure(tmp_path):
    touch(tmp_path, "chair/a.obj", "chair/a.fbx", "chair/a.stl", "chair/b/b.glb", "chair/b/source/b.blend")
    refs = objects(tmp_path)
    assert {name: o.path for name, o in refs.items()} == {"chair/a": "chair/a.obj", "chair/b": "chair/b/b.glb"}
    source = Folder(tmp_path)
    source.classes()
    [note] = source.notes()
    assert (
        "files of an object that is loaded in another format: 3 (chair/a.stl, chair/a.fbx, chair/b/source/b.blend)"
        in note
    )


def test_folders_with_several_meshes_are_failures_beside_mesh_files_too(tmp_path):
    touch(
        tmp_path, "chair/a.obj", "chair/parts/seat.obj", "chair/parts/leg.obj", "chair/textures/wood.png", "lamp/l.obj"
    )
    refs = objects(tmp_path)
    assert set(refs) == {"chair/a", "chair/parts", "lamp/l"}
    words = "parts holds 2 meshes (leg.obj, seat.obj): name one for each object in a CSV manifest"
    assert cause(refs["chair/parts"]) == words
    source = Folder(tmp_path)
    source.classes()
    broken, passed = source.notes()
    assert broken.endswith(f"objects that cannot be loaded and will be failures: 1 (chair/parts): {words}")
    assert "folders beside mesh files, which contain their textures: 1 (chair/textures)" in passed


def test_skipped_files_are_counted_and_named(tmp_path):
    touch(tmp_path, "chair/a.obj", "docs/readme.txt", "loose.obj", "more.fbx", "empty/.keep")
    source = Folder(tmp_path)
    assert [c.name for c in source.classes()] == ["chair"]
    [note] = source.notes()
    assert "mesh files outside of class folders: 2 (loose.obj, more.fbx)" in note
    assert "folders without a mesh, which are not classes: 2 (docs, empty)" in note


@pytest.mark.parametrize(
    ("paths", "words"),
    [
        (["a/x.fbx", "b/y.fbx"], "no object that can be loaded; first of 2: x.fbx is in FBX format"),
        (
            ["M40/sofa/train/1.off", "M40/sofa/train/2.off"],
            "sofa holds 2 meshes .*; or give .*/M40 if the folders",
        ),
    ],
)
def test_a_collection_of_which_nothing_can_be_loaded_is_refused(tmp_path, paths, words):
    with pytest.raises(SourceError, match=words):
        Folder(touch(tmp_path, *paths)).classes()


def test_objects_of_shapenet_that_the_official_list_lacks_are_named(shapenet, tmp_path):
    shutil.copytree(shapenet, tmp_path / "s")
    source = ShapeNet(touch(tmp_path / "s", "03797390/mine/models/model_normalized.obj"))
    count = Counter(o.split for o in source.objects(choose("mug"), None))
    assert sum(count.values()) == 214
    [note] = source.notes()
    assert "folders that the official list of 3DIEBench lacks: 1 (03797390/mine)" in note


def test_an_unreadable_folder_does_not_count_as_empty(tmp_path):
    with pytest.raises(FileNotFoundError):
        models_in(tmp_path / "gone")
