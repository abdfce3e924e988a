"""Untrusted text in every field of a dataset: refused, or shown unchanged in card, page and plot, never as markup."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from formats import Page, markdown_shape
from hostile import MARKUP, REFUSED, SOUND, filled, leaves
from meshes import PLATE

from iebench.manifests.dataset import INFO, DatasetInfo, read_table
from iebench.manifests.errors import DatasetError, SettingError
from iebench.manifests.folder.checksums import read_sums, write_sums
from iebench.manifests.recipe import load
from iebench.manifests.schema import OF_LINES
from iebench.manifests.shell.cli import main
from iebench.manifests.text.plain_text import cleaned, flaw
from iebench.manifests.views import read_given
from iebench.renderer.blender.interface import FAKE, MeshInfo
from iebench.renderer.card.croissant import croissant
from iebench.renderer.card.facts import title
from iebench.renderer.card.readme import readme
from iebench.renderer.errors import SourceError
from iebench.renderer.proof.inspect import inspect
from iebench.renderer.proof.rerender import Origin
from iebench.renderer.proof.view import view
from iebench.renderer.rendering.render import render_dataset
from iebench.renderer.sources.folder import Folder
from iebench.renderer.sources.manifest import Manifest

CODE = frozenset({"code_inline"})


@pytest.fixture(scope="module")
def info(tiny_dataset: Path) -> DatasetInfo:
    return DatasetInfo.load(tiny_dataset)


def changed(info: DatasetInfo, text: str) -> DatasetInfo:
    """Return the dataset information with a text in every field that can hold text."""
    recipe = replace(info.recipe, factors=info.recipe.factors[:1])
    return filled(replace(info, recipe=recipe), text)


@pytest.mark.parametrize("text", [*MARKUP, *SOUND, *REFUSED.values()])
def test_a_card_is_the_same_whatever_its_texts(info: DatasetInfo, text: str) -> None:
    dataset = changed(info, text)
    card = readme(dataset)
    _, header, body = card.split("---\n", 2)
    table = yaml.safe_load(header)
    assert table["pretty_name"] == cleaned(title(dataset)) and table["license_name"] == cleaned(text)
    _, tame_header, tame_body = readme(changed(info, "tame")).split("---\n", 2)
    assert table.keys() == yaml.safe_load(tame_header).keys()
    blocks, plain = markdown_shape(body, CODE)
    assert blocks == markdown_shape(tame_body, CODE)[0]
    assert cleaned(title(dataset)).strip() in plain and cleaned(text).strip() in plain
    assert not any(map(flaw, card.split("\n")))


@pytest.mark.parametrize("text", [*MARKUP, *SOUND])
def test_croissant_has_the_same_text(info: DatasetInfo, text: str) -> None:
    table = json.loads(json.dumps(croissant(changed(info, text), []), ensure_ascii=False))
    assert table["license"] == text and text in table["description"]


@pytest.mark.parametrize("kind", REFUSED)
def test_every_text_of_dataset_json_is_checked(tiny_dataset: Path, tmp_path: Path, kind: str) -> None:
    info = DatasetInfo.load(tiny_dataset)
    (tmp_path / "SHA256SUMS").write_text("")
    info.save(tmp_path)
    table = json.loads((tmp_path / INFO).read_text())
    places = leaves({name: value for name, value in table.items() if name not in ("sha256", "checksums", "format")})
    assert {"licence", "source", "renderer.name", "recipe.name", "recipe.factors.0.frame"} <= {
        field for field, *_ in places
    }
    for field, _, _ in places[:: 1 if kind == "escape" else 9]:
        other = json.loads(json.dumps(table))
        _, holder, key = next(leaf for leaf in leaves(other) if leaf[0] == field)
        holder[key] = REFUSED[kind]
        sealed(tmp_path / INFO, other)
        with pytest.raises(DatasetError) as caught:
            DatasetInfo.load(tmp_path)
        assert str(caught.value).startswith(f"{tmp_path / INFO}: {field} holds ") and not flaw(str(caught.value))


def sealed(path: Path, table: dict[str, object]) -> None:
    """Write dataset.json with its own valid SHA-256, as an author of a hostile file would."""
    from hashlib import sha256

    from iebench.manifests.dataset import BLANK

    content = json.dumps(table | {"sha256": BLANK}, indent=2) + "\n"
    path.write_text(content.replace(BLANK, sha256(content.encode()).hexdigest()))


@pytest.mark.parametrize("kind", [kind for kind in REFUSED if kind != "surrogate"])  # which Parquet cannot hold
@pytest.mark.parametrize("name", ["objects.parquet", "train/00000.parquet"])
def test_every_text_of_a_table_is_checked(tiny_dataset: Path, tmp_path: Path, kind: str, name: str) -> None:
    table = pq.read_table(tiny_dataset / name, partitioning=None)
    texts = [column.name for column in table.schema if pa.types.is_string(column.type)]
    assert {"class_name", "object_id", "split"} <= set(texts)
    for column in texts:
        values = [*table[column].to_pylist()[:-1], REFUSED[kind]]
        index = table.column_names.index(column)
        pq.write_table(table.set_column(index, column, pa.array(values, pa.string())), tmp_path / "a.parquet")
        if column in OF_LINES and kind == "line break":
            assert read_table(tmp_path / "a.parquet").num_rows == len(values)
            continue
        with pytest.raises(
            DatasetError, match=rf"a\.parquet: {column} of row {len(values)} holds an? .*: restore it"
        ) as caught:
            read_table(tmp_path / "a.parquet")
        assert not flaw(str(caught.value))


NAMES = ("<img src=x>", "</script>'\"", "&lt;${title}", "$x$ $\\frac{1}{$", "a|b ` # _", "αé")


@pytest.fixture(scope="module")
def marked(tiny_plan, tmp_path_factory):
    """Dataset whose texts are markup."""
    plan = tiny_plan(classes="6", per_class=1, views=2)
    refs = [replace(ref, class_name=name) for ref, name in zip(plan.objects, NAMES, strict=True)]
    factors = (replace(plan.recipe.factors[0], frame="<q>"), *plan.recipe.factors[1:])
    recipe = replace(plan.recipe, name="<b>$x", licence_note="<i>", factors=factors)
    folder = tmp_path_factory.mktemp("data") / "<img src=x onerror=alert(1)>\x1b[2J\n"
    plan = replace(plan, recipe=recipe, source="<s>$", licence="<u>", objects=tuple(refs))
    render_dataset(plan, folder, workers=1, backend=FAKE)
    return folder


@pytest.mark.slow
def test_the_page_of_a_dataset_escapes_all_texts(marked: Path, tmp_path: Path) -> None:
    files = inspect(marked, tmp_path)
    text = next(path for path in files if path.suffix == ".html").read_text(encoding="utf-8")
    drawings = [f"<svg{part.partition('</svg>')[0]}</svg>" for part in text.split("<svg")[1:]]
    assert all(ElementTree.fromstring(drawing) is not None for drawing in drawings)
    assert not flaw(text.replace("\n", "").replace("\t", ""))
    page = Page(text)
    assert {*NAMES, "<q>"} <= {text.strip() for text in page.texts}
    assert not {"script", "b", "s", "u", "i", "q"} & {tag[0] for tag in page.tags}
    assert {tag for tag in page.tags if tag[0] == "img"} == {("img", "src", "alt", "title")}


@pytest.mark.slow
def test_a_plot_of_a_view_shows_dollars(marked: Path, tmp_path: Path) -> None:
    rows = [row for path in marked.glob("*/0*.parquet") for row in read_table(path).to_pylist()]
    key = next(row["key"] for row in rows if row["class_name"] == NAMES[3])
    lines = view(marked, key, tmp_path / "a.png", False, Origin(), "cpu")
    assert NAMES[3] in lines[0] and (tmp_path / "a.png").stat().st_size > 1000


def test_commands_about_a_dataset_of_any_name_write_no_control_characters(
    marked: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = shutil.copytree(marked, tmp_path / "copy")
    (copy / "stray\x1b[2J\nok      files").write_text("x")
    for folder, code in ((marked, 0), (copy, 1)):
        with pytest.raises(SystemExit) as stop:
            main(["verify", str(folder)])
        out, err = capsys.readouterr()
        assert stop.value.code == code and not any(map(flaw, (out + err).split("\n")))
        assert sum(line.startswith("ok ") and "files" in line for line in out.split("\n")) == (code == 0)


@pytest.mark.parametrize("name", ["a\x1b[2Jb", "a\nb", "\u202eb", "a\udce9"])
def test_names_of_folders_and_meshes_are_spelt_out(tmp_path: Path, name: str) -> None:
    (tmp_path / name / name).mkdir(parents=True)
    (tmp_path / name / f"{name}.obj").write_text(PLATE)
    (tmp_path / name / f"{name}.fbx").write_text("")
    source = Folder(tmp_path)
    [group] = source.classes()
    refs = source.objects([group], None)
    assert group.name == cleaned(name) and not flaw(group.name) and refs
    assert not any(map(flaw, [text for ref in refs for text in (ref.path, ref.object_id, ref.synset, ref.class_name)]))
    assert not any(map(flaw, source.notes()))


@pytest.mark.parametrize("kind", [kind for kind in REFUSED if kind not in ("nul", "surrogate")])  # not in any text file
@pytest.mark.parametrize("column", ["class", "id"])
def test_texts_of_a_list_of_meshes_are_refused(tmp_path: Path, kind: str, column: str) -> None:
    (tmp_path / "a.obj").write_text(PLATE)
    row = {"path": "a.obj", "class": "chair", "id": "one", column: f"x{REFUSED[kind]}y"}
    pq.write_table(pa.table({name: [value] for name, value in row.items()}), tmp_path / "a.parquet")
    (tmp_path / "a.csv").write_text(
        "path,class,id\n" + ",".join(f'"{value}"' for value in row.values()) + "\n", newline=""
    )
    for file in ("a.parquet", "a.csv"):
        with pytest.raises(SourceError, match=rf"{file}: .* has a {column} that holds .*: correct it") as caught:
            Manifest(tmp_path / file).classes()
        assert not flaw(str(caught.value))


@pytest.mark.parametrize("name", ["-x", ".x", "a" * 300, "a\nb", "a\x1bb"])
def test_a_dataset_has_a_name(tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    for command in (["render", "--classes", "1", "--out"], ["import", "3diebench", str(tmp_path)]):
        with pytest.raises(SystemExit) as stop:
            main([*command, str(tmp_path / name)])
        message = capsys.readouterr().err.splitlines()[-1]
        assert stop.value.code == 2 and "the dataset's name " in message and not flaw(message)
    assert list(tmp_path.iterdir()) == []


def test_given_views_have_plain_names(tmp_path: Path) -> None:
    table = {"synset": ["a\x1bb"], "object_id": ["1"], "view": [0]}
    pq.write_table(pa.table(table), tmp_path / "a.parquet")
    with pytest.raises(
        SettingError, match=r"column 'synset' holds a control character \(U\+001B\) in a\\x1bb: mend it"
    ):
        read_given(tmp_path / "a.parquet", load())


def test_text_in_categories_is_checked(tmp_path: Path) -> None:
    column = pa.array(["a", "a\nb"]).dictionary_encode()
    pq.write_table(pa.table({"class_name": column}), tmp_path / "a.parquet")
    with pytest.raises(DatasetError, match="class_name of row 2 holds a line break"):
        read_table(tmp_path / "a.parquet")


def test_a_file_whose_name_takes_two_lines_does_not_get_into_the_sums(tmp_path: Path) -> None:
    (tmp_path / f"a\n{'0' * 64}  b").write_text("x")
    with pytest.raises(DatasetError, match="has a name that holds a line break"):
        write_sums(tmp_path, {})
    (tmp_path / f"a\n{'0' * 64}  b").rename(tmp_path / "größe")
    assert list(read_sums(tmp_path, write_sums(tmp_path, {}))) == ["größe"]


def test_missing_files_of_a_mesh_are_one_line_each() -> None:
    columns = MeshInfo("", 0, "ok", missing=("a\nb", "c\x1b"), notes=("d\u2028e",)).inspection()
    assert columns["missing"] == "a\\x0ab\nc\\x1b" and columns["notes"] == "d\\u2028e"
