"""STL files, binary and text: the same solid, or refused in one sentence."""

import meshes
import pytest
import trimesh
from cleaning import cause, cleaned, ref_to

SOLID = meshes.l_shape()
SHORT = "a.stl has a facet that is not three vertices of three numbers: it is damaged"


def text(name="", triangles=SOLID.triangles, end="endsolid"):
    lines = [f"solid {name}"]
    for triangle in triangles:
        lines += ["  facet normal 0 0 0", "    outer loop"]
        lines += [f"      vertex {x:e} {y} {z}" for x, y, z in triangle]
        lines += ["    endloop", "  endfacet"]
    return "\n".join([*lines, f"{end} {name}"]) + "\n"


def is_solid(tmp_path, content):
    (tmp_path / "a.stl").write_bytes(content if isinstance(content, bytes) else content.encode())
    _, report, _ = cleaned(ref_to(tmp_path / "a.stl"))
    assert report.extent == pytest.approx((0.6, 0.2, 0.5), abs=1e-6)
    assert report.triangles == 24 and report.watertight


@pytest.mark.parametrize("name", ["", "a part", "solid of a vertex facet normal", "endsolid", "größe", "x" * 200])
def test_names_of_solids_are_names(tmp_path, name):
    is_solid(tmp_path, text(name))
    is_solid(tmp_path, text(name).encode("latin-1"))
    is_solid(tmp_path, text(name).upper())
    is_solid(tmp_path, text(name).replace("\n", "\r\n"))
    is_solid(tmp_path, text(name).replace("\n", "\r"))
    is_solid(tmp_path, text(name).encode("utf-16"))
    is_solid(tmp_path, text(name).replace(" ", "\t"))


def test_several_solids_are_one_object(tmp_path):
    is_solid(tmp_path, text("one", SOLID.triangles[:10]) + "\n\n" + text("two", SOLID.triangles[10:]))


def test_a_binary_file_may_begin_as_text_does(tmp_path):
    raw = trimesh.Trimesh(SOLID.vertices, SOLID.faces).export(file_type="stl")
    is_solid(tmp_path, raw)
    is_solid(tmp_path, b"solid facet normal".ljust(80) + raw[80:])
    is_solid(tmp_path, b"solid facet normal".ljust(80, b"\0") + raw[80:])


@pytest.mark.parametrize("start", [b"", b"solid x"])
@pytest.mark.parametrize("change", [lambda raw: raw[:-20], lambda raw: raw + b"tail"])
def test_a_binary_file_of_another_length_than_its_header_says_is_refused(tmp_path, change, start):
    raw = trimesh.Trimesh(SOLID.vertices, SOLID.faces).export(file_type="stl")
    (tmp_path / "a.stl").write_bytes(change(start + raw[len(start) :]))
    assert "is damaged" in cause(ref_to(tmp_path / "a.stl"))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (text()[:-10], "a.stl is cut short: it does not end with the word endsolid"),
        (text()[:2000], "a.stl is cut short: it does not end with the word endsolid"),
        (text().replace("1.2", "1,2"), "a.stl has '1,2' where a number should be"),
        (text().replace(" 1.2\n", "\n", 1), SHORT), (text().replace("vertex", "vortex", 1), SHORT),
        (text("", SOLID.triangles.reshape(-1, 4, 3)), SHORT), (text("", SOLID.triangles[:, :2]), SHORT),
        ("vortex".join(text().rsplit("vertex", 1)), SHORT),
        ("solid x\nendsolid x\n", "a.stl holds no faces"),
        ("", "a.stl holds no faces"),
        ("garbage", "a.stl holds no faces"),
    ],
)  # fmt: skip
def test_damage_is_named(tmp_path, content, sentence):
    (tmp_path / "a.stl").write_text(content)
    assert cause(ref_to(tmp_path / "a.stl"), whole=True) == sentence
