"""CSV tables from spreadsheets of any system: encodings, separators, quotes, backslashes."""

from pathlib import Path

import pytest
from meshes import PLATE

from iebench.manifests.text.plain_text import cleaned
from iebench.renderer.errors import SourceError
from iebench.renderer.sources import open_source
from iebench.renderer.sources.manifest import Manifest

UMLAUTS = {"stühle/ä b.obj": "Stühle", "tische/c.obj": "Tische"}
KANJI = {"椅子/表.obj": "椅子", "机/b.obj": "机"}  # the second byte of 表 in Shift-JIS is a backslash
PLAIN = {"chairs/a.obj": "chair", "chairs/b b.obj": "chair"}


def table(root, files, text, encoding="utf-8", suffix=".csv"):
    for path in files:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(PLATE)
    (root / f"list{suffix}").write_bytes(text.encode(encoding))
    return Manifest(root / f"list{suffix}")


def listed(source):
    refs = {o.path: o for o in source.objects(source.classes(), None)}
    return {path: o.class_name for path, o in refs.items()}


def rows(files, separator=","):
    return "".join(f"{path}{separator}{name}\n" for path, name in files.items())


@pytest.mark.parametrize(
    ("files", "encoding"),
    [
        (files, encoding)
        for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32")
        for files in (UMLAUTS, KANJI)
    ]
    + [(UMLAUTS, "cp1252"), (UMLAUTS, "latin-1"), (KANJI, "shift-jis"), (KANJI, "gb18030")],
)
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_every_encoding_and_separator_gives_the_same_objects(tmp_path, files, encoding, separator):
    text = f"path{separator}class\n" + rows(files, separator)
    source = table(tmp_path, files, text, encoding)
    assert listed(source) == files
    assert all(Path(o.mesh).read_text() == PLATE for o in source.objects(source.classes(), None))
    assert source.notes() == [] or encoding not in ("utf-8", "utf-8-sig") or separator != ","


def test_an_older_encoding_is_shown(tmp_path):
    source = table(tmp_path, UMLAUTS, "path;class\n" + rows(UMLAUTS, ";"), "cp1252")
    source.classes()
    assert source.notes() == [f"{tmp_path}/list.csv: read as cp1252 with ';' between columns"]


def test_letters_that_are_not_used_need_no_encoding(tmp_path):
    """Sample file: ../shared/cases/csv/cp1252.csv"""
    text = "path,class,größe\r\nchairs/a.obj,chair,1\r\nchairs/b b.obj,chair,2\r\n"
    assert listed(table(tmp_path, PLAIN, text, "cp1252")) == PLAIN


def test_an_unknown_encoding_is_one_sentence(tmp_path):
    """A wrong guess would silently change a class's name."""
    source = table(tmp_path, PLAIN, "path,class\nchairs/a.obj,Stühle\n", "cp1252")
    with pytest.raises(SourceError, match=r"list.csv is not text in UTF-8 \(line 2\), .*: save it as UTF-8") as caught:
        source.classes()
    assert "codec" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "path,class\n\n\nchairs/a.obj,chair\n,\n  , \nchairs/b b.obj,chair\n\n",  # empty lines, and Excel's
        "\n\npath,class\nchairs/a.obj,chair\nchairs/b b.obj,chair",  # no end of the last line
        "path,class\rchairs/a.obj,chair\rchairs/b b.obj,chair\r",  # of old Macs
        ' path , class \n"chairs/a.obj", chair\n"chairs/b b.obj" , "chair"\n'.replace('" ,', '",'),
        'sep=;\npath;class\nchairs/a.obj;chair\n"chairs/b b.obj";chair\n',
        "class,path,note\nchair,chairs/a.obj,\nchair,chairs/b b.obj\n",  # a field too few, of what is not used
        "note,note,path,class\n1,2,chairs/a.obj,chair\n1,2,chairs/b b.obj,chair\n",  # twice, and not used
        "path,class\nchairs\\a.obj,chair\n.\\chairs\\b b.obj,chair\n".replace(".\\", ""),
        "path,class,,\nchairs/a.obj,chair,,\nchairs/b b.obj,chair,,,,\n",
    ],
)
def test_habits_of_spreadsheets_change_nothing(tmp_path, text):
    assert listed(table(tmp_path, PLAIN, text)) == PLAIN


def test_quotes_hold_separators_quotes_and_lines(tmp_path):
    odd = {'a, "b";\tc.obj': "x, y", "d\ne.obj": "x, y"}
    text = 'path,class\n"a, ""b"";\tc.obj","x, y"\n"d\ne.obj","x, y"\n'
    source = table(tmp_path, odd, text)
    assert listed(source) == {cleaned(path): name for path, name in odd.items()}
    assert all(Path(ref.mesh).read_text() == PLATE for ref in source.objects(source.classes(), None))


def test_a_file_whose_name_has_a_backslash_is_itself(tmp_path):
    odd = {"a\\b.obj": "x", "a/b.obj": "y"}
    assert listed(table(tmp_path, odd, "path,class\na\\b.obj,x\na/b.obj,y\n")) == odd


def test_accents_match_in_both_unicode_forms(tmp_path):
    source = table(tmp_path, ["stu\u0308hle/a.obj"], "path,class\nstühle/a.obj,x\n")
    [ref] = source.objects(source.classes(), None)
    assert Path(ref.mesh).read_text() == PLATE


def test_a_tsv_is_a_table(tmp_path):
    table(tmp_path, PLAIN, "path\tclass\n" + rows(PLAIN, "\t"), suffix=".tsv")
    assert open_source(str(tmp_path / "list.tsv"))[0] == "manifest"


@pytest.mark.parametrize(("word", "split"), [("test", "val"), ("Train", "train"), ("VALID", "val")])
def test_splits_have_the_names_that_folders_may_have(tmp_path, word, split):
    source = table(tmp_path, PLAIN, f"path,class,split\nchairs/a.obj,chair,{word}\n")
    assert [o.split for o in source.objects(source.classes(), None)] == [split]


def test_objects_that_cannot_be_loaded_are_counted_and_named(tmp_path):
    files = ["a.obj", "b.fbx", "many/1.obj", "many/2.obj"]
    source = table(tmp_path, files, "path,class\na.obj,x\nb.fbx,x\nmany,x\ngone.obj,y\n.,x\n")
    assert [c.name for c in source.classes()] == ["x", "y"]
    [note] = source.notes()
    assert "objects that cannot be loaded and will be failures: 4 (b.fbx, many, ., ...): b.fbx is in FBX format" in note
