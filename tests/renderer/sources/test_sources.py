"""Sources list the right objects in the right splits, under names that are valid in keys."""

import re
import zipfile
from collections import Counter

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from plugins import install

from iebench.manifests.schema import key
from iebench.manifests.taxonomy import choose, classes
from iebench.renderer.errors import SourceError, UnknownName
from iebench.renderer.sources import SOURCES, open_source
from iebench.renderer.sources.builtin import Builtin
from iebench.renderer.sources.folder import Folder
from iebench.renderer.sources.manifest import Manifest
from iebench.renderer.sources.names import class_key, object_key
from iebench.renderer.sources.shapenet import ShapeNet
from iebench.renderer.sources.splits import split_of, subset

NO_TEXT = pa.array([b"\xff"]).view(pa.string())  # as a careless tool writes it


def touch(root, *paths):
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).touch()
    return root


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
    assert not any(o.normalise for o in mugs)


def test_zips_of_shapenet_list_the_same_objects_under_the_same_paths(shapenet, tmp_path):
    with zipfile.ZipFile(tmp_path / "03797390.zip", "w"):
        pass
    zipped, unpacked = (ShapeNet(path).objects(choose("mug"), None) for path in (tmp_path, shapenet))
    assert [(o.object_id, o.split, o.path) for o in zipped] == [(o.object_id, o.split, o.path) for o in unpacked]
    assert {o.archive for o in zipped} == {str(tmp_path / "03797390.zip")}
    assert zipped[0].mesh == zipped[0].path == f"03797390/{zipped[0].object_id}/models/model_normalized.obj"


@pytest.mark.parametrize(("per_class", "expected"), [(1, (1, 0)), (2, (1, 1)), (5, (4, 1)), (10, (8, 2))])
def test_shapenet_subsets_keep_both_splits(shapenet, per_class, expected):
    split = Counter(o.split for o in ShapeNet(shapenet).objects(choose("mug"), per_class))
    assert (split["train"], split["val"]) == expected


def test_a_missing_collection_is_one_sentence(shapenet, tmp_path):
    with pytest.raises(SourceError, match=r"no folder or zip 02691156 \(airplane\)"):
        ShapeNet(shapenet).objects(choose("airplane,mug"), None)
    with pytest.raises(SourceError, match="no such folder"):
        ShapeNet(tmp_path / "nowhere")
    with pytest.raises(SourceError, match="shapenet PATH"):
        ShapeNet(None)
    with pytest.raises(SourceError, match="need no path"):
        Builtin(tmp_path)


def test_a_folder_has_files_and_folders_as_objects_and_its_own_labels(tmp_path):
    touch(
        tmp_path, "zebra/b.off", "zebra/a.STL", "zebra/a.obj", "zebra/textures/t.png", "ape/one/models/x.glb",
        "ape/two/x.obj", "ape/two/x.mtl", "ape/none/readme.txt", ".git/x/y.obj", "notes/todo.txt",
    )  # fmt: skip
    source = Folder(tmp_path)
    assert [(c.name, c.synset, c.label) for c in source.classes()] == [("ape", "ape", 0), ("zebra", "zebra", 1)]
    refs = {(o.class_name, o.object_id): o for o in source.objects(source.classes(), None)}
    assert set(refs) == {("ape", "one"), ("ape", "two"), ("ape", "none"), ("zebra", "a"), ("zebra", "b")}
    assert refs["ape", "one"].path == "ape/one/models/x.glb"
    assert refs["ape", "one"].folder == str(tmp_path / "ape" / "one")
    assert refs["ape", "none"].mesh == str(tmp_path / "ape" / "none")  # fails when it is rendered
    assert refs["zebra", "a"].path == "zebra/a.obj"  # one object in two formats
    assert refs["zebra", "a"].folder == str(tmp_path)
    assert all(o.normalise and o.label == "az".index(o.class_name[0]) for o in refs.values())
    assert choose("zebra", source.classes())[0].label == 1
    assert choose("1", source.classes())[0].name == "ape"
    with pytest.raises(UnknownName, match="did you mean zebra"):
        choose("zebar", source.classes())


def test_one_id_in_two_classes_is_two_objects(tmp_path):
    source = Folder(touch(tmp_path, "a/x.obj", "b/x.obj", "a_b/x.obj", "a/b_x.obj"))
    keys = [key(o.synset, o.object_id, 0) for o in source.objects(source.classes(), None)]
    assert len(set(keys)) == 4


def test_a_hash_splits_four_to_one_and_an_object_more_moves_no_other():
    names = [f"o{i}" for i in range(1000)]
    whole, part = split_of("mug", names), split_of("mug", names[:400])
    assert 150 < Counter(whole.values())["val"] < 250
    assert all(whole[name] == part[name] for name in part)
    for count in range(2, 30):
        assert set(split_of("mug", names[:count]).values()) == {"train", "val"}
    assert split_of("mug", ["o0"]) == {"o0": "train"}


@pytest.mark.parametrize(("train", "val"), [(8, 2), (1, 9), (0, 3), (3, 0), (1, 1)])
def test_a_subset_has_as_many_as_there_are_and_both_splits(train, val):
    for count in range(1, 12):
        splits = subset(list(range(train)), list(range(val)), count)
        assert sum(map(len, splits)) == min(count, train + val)
        if count > 1 and train and val:
            assert all(splits)


def test_names_hold_what_keys_may_and_stay_different():
    odd = [
        "a b",
        "a.b",
        "a_b",
        "a-b",
        "ab",
        "ä",
        "a",
        "",
        ".",
        "字",
        "文",
        "a/b",
        "x" * 200,
        "x" * 201,
        "\udce9",
        "COM1",
    ]
    for make, allowed in ((class_key, "[A-Za-z0-9-]{1,32}"), (object_key, "[A-Za-z0-9_-]{1,48}")):
        made = [make(name) for name in odd]
        assert len(set(made)) == len(odd)
        assert all(re.fullmatch(allowed, name) for name in made)
        assert make("COM1") == "COM1"
    assert object_key("ä") == object_key("a\u0308")  # the same letter as two systems write it
    shapenet = ["1a04e3eab45ca15dd86060f189eb133", "u" + "0" * 8 + "-0ed1-4c1b-a0d0-4f6a2f3ac02b"[:28]]
    assert [object_key(name) for name in shapenet] == shapenet


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_table_gives_path_class_and_split(tmp_path, suffix):
    touch(tmp_path, "meshes/a b.obj", "c/deep/m.glb")
    columns = {
        "path": ["meshes/a b.obj", "c/deep", "/elsewhere/x.ply"], "class": ["tea pot", "2", "2"], "note": ["", "", "x"],
        "split": ["val", "", "train"], "id": ["first", "", ""],
    }  # fmt: skip
    path = tmp_path / f"list{suffix}"
    if suffix == ".csv":
        lines = [",".join(columns), *(",".join(row) for row in zip(*columns.values(), strict=True))]
        path.write_text("\n".join(lines))
    else:
        pq.write_table(pa.table(columns), path)
    source = Manifest(path)
    assert [(c.name, c.label) for c in source.classes()] == [("2", 0), ("tea pot", 1)]
    refs = {o.path: o for o in source.objects(source.classes(), None)}
    splits = [refs[path].split for path in columns["path"]]
    assert splits == ["val", "train", "train"]  # the second by its hash: the only file without a split
    assert refs["meshes/a b.obj"].object_id == "first"
    assert refs["c/deep"].mesh == str(tmp_path / "c/deep/m.glb")
    assert refs["/elsewhere/x.ply"].folder == "/elsewhere"
    assert choose("2", source.classes())[0].label == 0  # a name before a number


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("file,class\na.obj,x\n", "no column 'path', which it needs; choose from file, class"),
        ("path,klass\na.obj,x\n", "no column 'class', which it needs; did you mean klass"),
        ("PATH,class\na.obj,x\n", "no column 'path', which it needs; rename 'PATH' to 'path'"),
        ("path,CLASS\na.obj,x\n", "no column 'class', which it needs; rename 'CLASS' to 'class'"),
        ("path,class,path\na.obj,x,y\n", "has the column 'path' more than once: keep one"),
        ("path,class\n,x\n", "line 2 has no path"),
        ("path,class,split\na.obj,x,tain\n", "line 2 has split 'tain'; did you mean train"),
        ("path,class\n", "lists no objects"),
        (
            "path,class\na.obj,x,y\n",
            "line 2 has 3 fields and the header 2: put double quotes around a field that contains ','",
        ),
        ('path,class\n"a.obj,x\nb.obj,x\n', "cannot be parsed: a double quote in it has no partner"),
        ("path,class\n\0,x\n", "t.csv is not text: give a CSV file"),
        (
            "path,class\nb.obj,x\nc.obj,x\n",
            "none of its 2 paths leads to a file, first 'b.obj': paths are relative to /",
        ),
        ("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12\n", "t.csv is a Git LFS pointer"),
        ("path,class\na.obj,x\na.obj,x\n", "would both be x/a"),
    ],
)
def test_a_table_that_cannot_be_used_is_one_sentence(tmp_path, text, words):
    touch(tmp_path, "a.obj")
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(SourceError, match=words) as caught:
        source = Manifest(tmp_path / "t.csv")
        source.objects(source.classes(), None)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("value", [["x"], {"a": 1}, b"\xff", NO_TEXT], ids=["list", "struct", "bytes", "no UTF-8"])
def test_a_column_that_is_no_text_is_one_sentence(tmp_path, value):
    pq.write_table(
        pa.table({"path": ["a.obj"], "class": value if value is NO_TEXT else [value]}), tmp_path / "t.parquet"
    )
    with pytest.raises(
        SourceError, match=r"t\.parquet: column 'class' \(.*\) cannot be used as text: write it"
    ) as caught:
        Manifest(tmp_path / "t.parquet").classes()
    assert "\n" not in str(caught.value)


def test_the_kind_of_a_path_is_detected(tmp_path, shapenet):
    touch(tmp_path / "mine", "cat/a.obj")
    (tmp_path / "t.csv").write_text("path,class\nmine/cat/a.obj,cat\n")
    assert open_source("builtin")[0] == "builtin"
    assert open_source(str(shapenet))[0] == "shapenet"
    assert open_source("shapenet", shapenet)[0] == "shapenet"
    assert open_source(str(tmp_path / "mine"))[0] == "folder"
    assert open_source("folder", shapenet)[0] == "folder"
    assert open_source(str(tmp_path / "t.csv"))[0] == "manifest"
    with pytest.raises(UnknownName, match="did you mean shapenet"):
        open_source("shapenett")
    with pytest.raises(SourceError, match="no such file or folder"):
        open_source(str(tmp_path / "none"))
    with pytest.raises(SourceError, match="leave one out"):
        open_source(str(tmp_path / "mine"), tmp_path)
    with pytest.raises(SourceError, match="neither a folder nor"):
        open_source(str(tmp_path / "mine/cat/a.obj"))
    (tmp_path / "loose").mkdir()
    touch(tmp_path / "loose", "a.obj")
    with pytest.raises(SourceError, match=r"put meshes such as a\.obj into one folder per class"):
        Folder(tmp_path / "loose").classes()


def test_another_package_adds_a_source_by_an_entry_point(tmp_path, monkeypatch):
    code = (
        "from iebench.renderer.sources import source\nfrom iebench.renderer.sources.builtin import Builtin\n"
        "@source('lego')\nclass Lego(Builtin): ...\n"
    )
    install(tmp_path, monkeypatch, SOURCES, {"lego": "their_source"}, their_source=code)
    name, opened = open_source("lego")
    assert name == "lego" and type(opened).__module__ == "their_source"
