"""OFF files with every header: the same solid, or refused in one sentence."""

import pytest
import solids
from cleaning import cause, cleaned, ref_to

LINES = solids.off().splitlines()
FOUR = "with four numbers for a vertex: only three dimensions are drawn"
CORNERS, WALLS = LINES[2:10], LINES[10:]


def is_arrow(tmp_path, text, encoding="utf-8"):
    (tmp_path / "a.off").write_bytes(text.encode(encoding))
    _, report, _ = cleaned(ref_to(tmp_path / "a.off"))
    assert report.extent == pytest.approx(solids.EXTENT)
    assert (report.triangles, report.vertices, report.flat_faces, report.watertight) == (12, 8, 0, True)


@pytest.mark.parametrize(
    "head",
    ["OFF\n8 6 12", "OFF 8 6 12", "OFF8 6 12", "OFF\n8 6", "OFF\n8\n6", "# first\n\nOFF # kind\n# more\n8 6 0 # counts",
     "nOFF 3\n8 6 0", "nOFF\n3\n8 6 0", "nOFF\n3 8 6 0", "# by geomview\n8 6 12"],
)  # fmt: skip
def test_every_way_to_begin_is_read(tmp_path, head):
    is_arrow(tmp_path, "\n".join([head, *CORNERS, *WALLS]))


@pytest.mark.parametrize(
    ("kind", "more"),
    [("COFF", "255 0 0 255"), ("COFF", "1 0 0"), ("NOFF", "0 0 1"), ("STOFF", "0.5 0.5"), ("CNOFF", "0 0 1 9 9 9 9"),
     ("NCOFF", "0 0 1 9 9 9 9"), ("STCNOFF", "0 0 1 9 9 9 9 0 1"), ("OFF", "0.1")],
)  # fmt: skip
def test_additional_values_of_a_vertex_are_ignored(tmp_path, kind, more):
    is_arrow(tmp_path, "\n".join([kind, "8 6 0", *(f"{corner} {more}" for corner in CORNERS), *WALLS]))


def test_comments_and_colours_may_stand_anywhere(tmp_path):
    corners = [f"{corner} # {i}" for i, corner in enumerate(CORNERS)]
    walls = [
        f"  {wall}\t{color}"
        for wall, color in zip(WALLS, ["1", "255 0 0", "1.0 0 0 0.5", "# red", "", "#"], strict=True)
    ]
    text = "\n".join(["OFF", "#", "8 6 0", *corners[:3], "", "# half", *corners[3:], "#", *walls, "# end", ""])
    is_arrow(tmp_path, text)
    is_arrow(tmp_path, text.replace("\n", "\r\n"))
    is_arrow(tmp_path, text.replace("\n", "\r"))
    is_arrow(tmp_path, text.replace("red", "größe"), "latin-1")
    is_arrow(tmp_path, text, "utf-8-sig")
    is_arrow(tmp_path, text, "utf-16")


def test_corners_of_some_vertices_may_have_more_numbers(tmp_path):
    is_arrow(
        tmp_path, "\n".join(["COFF", "8 6 0", *(f"{corner} {'9 ' * i}" for i, corner in enumerate(CORNERS)), *WALLS])
    )


def test_polygons_of_three_to_five_corners_are_one_prism(tmp_path):
    points = [(0, 0.5), (-0.5, 0.1), (-0.3, -0.4), (0.3, -0.4), (0.5, 0.1)]
    faces = [(4, 3, 2, 1, 0), (5, 6, 7), (5, 7, 8, 9), *((i, (i + 1) % 5, (i + 1) % 5 + 5, i + 5) for i in range(5))]
    (tmp_path / "a.off").write_text(solids.off(faces, [(x, y, z) for z in (0, 0.7) for x, y in points]))
    _, report, _ = cleaned(ref_to(tmp_path / "a.off"))
    assert report.triangles == 16 and report.watertight
    assert report.extent == pytest.approx((1, 0.9, 0.7))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("4OFF\n8 6 0\n", f"a.off is a 4OFF file, {FOUR}"),
        ("C4nOFF 3\n8 6 0\n", f"a.off is a C4nOFF file, {FOUR}"),
        ("nOFF 5\n8 6 0\n", "a.off is a nOFF file of 5 dimensions: only three are drawn"),
        ("nOFF\n2\n8 6 0\n", "a.off is a nOFF file of 2 dimensions: only three are drawn"),
        ("OFF BINARY\n\0\0\0\x08", "a.off is a binary OFF file: save it as a text file, or as PLY"),
        ("CNOFF BINARY\n", "a.off is a binary CNOFF file: save it as a text file, or as PLY"),
        ("", "a.off is not an OFF file: it does not begin with the word OFF"),
        ("solid x", "a.off is not an OFF file: it does not begin with the word OFF"),
        ("OFF\nmany\n", "a.off has no counts of vertices and faces after the word OFF: it is damaged"),
        ("OFF\n8 -6 0\n", "a.off has no counts of vertices and faces after the word OFF: it is damaged"),
        ("OFF\n8\n", "a.off has no counts of vertices and faces after the word OFF: it is damaged"),
        ("OFF\n3 1 0\n0 0\n1 0 0\n0 1 0\n3 0 1 2\n", "a.off has a vertex that is not three numbers: it is damaged"),
        ("OFF\n3 1 0\n0 0 x\n1 0 0\n0 1 0\n3 0 1 2\n", "a.off has 'x' where a number should be"),
        ("OFF\n3 1 0\n0 0 0\n1 0 0\n0 1 0\n3 0 1\n", "a.off has a face that is not a count and that many vertex numbers: '3 0 1'"),  # noqa: E501
        ("OFF\n3 1 0\n0 0 0\n1 0 0\n0 1 0\n3 0 1 2.5\n",
         "a.off has a face that is not a count and that many vertex numbers: '3 0 1 2.5'"),
        ("OFF\n3 1 0\n0 0 0\n1 0 0\n0 1 0\n3 0 1 3\n", "a.off has faces that use vertices which it does not have"),
        ("OFF\n3 1 0\n0 0 0\n1 0 0\n0 1 0\n3 0 1 -1\n", "a.off has faces that use vertices which it does not have"),
        ("OFF\n3 0 0\n0 0 0\n1 0 0\n0 1 0\n", "a.off holds no faces"),
        ("OFF\n3 1 0\n0 0 0\n1 0 0\n0 1 0\n2 0 1\n", "a.off holds no faces"),
        ("OFF\n0 0 0\n", "a.off holds no faces"),
    ],
)  # fmt: skip
def test_unsupported_content_is_named(tmp_path, text, sentence):
    (tmp_path / "a.off").write_text(text)
    assert cause(ref_to(tmp_path / "a.off"), whole=True) == sentence
