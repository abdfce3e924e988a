"""Faces of OBJ files: the same as in Blender, or refused in one sentence."""

import pytest
import solids
from cleaning import cause, ref_to

from iebench.renderer.meshes.clean import clean_copy
from iebench.renderer.meshes.inspect import inspect, read

HEAD = solids.obj([])


def area(tmp_path, text):
    (tmp_path / "a.obj").write_text(text)
    with clean_copy(ref_to(tmp_path / "a.obj")) as mesh:
        return read(mesh).area


@pytest.mark.parametrize("polygons", [solids.FACES, solids.MIXED], ids=["quads", "mixed"])
def test_concave_polygons_are_cut(tmp_path, polygons):
    (tmp_path / "a.obj").write_text(solids.obj(polygons))
    with clean_copy(ref_to(tmp_path / "a.obj")) as mesh:
        solid = read(mesh)
    report = inspect(solid)
    assert solid.area == pytest.approx(solids.AREA) and solid.volume == pytest.approx(0.24 * 0.2)
    assert (report.triangles, report.vertices, report.watertight) == (12, 8, True)
    assert report.extent == pytest.approx(solids.EXTENT)


CAP = 0.24
WAYS = {
    "plain": "f 4 3 2 1\n",
    "places and normals": "vt 0 0\nvn 0 0 1\nf 4/1/1 3/1/1 2/1/1 1/1/1\n",
    "normals": "vn 0 0 1\nf 4//1 3//1 2//1 1//1\n",
    "some with places": "vt 0 0\nf 4/1 3 2/1/ 1\n",
    "from the end": "f -5 -6 -7 -8\n",
    "on two lines": "f 4 3 \\\n2 1\n",
    "on two lines, tight": "f 4 3\\\n 2 1\n",
    "indented by tabs": "\tf\t4\t3\t2\t1 \n",
    "with a comment": "f 4 3 2 1 # 5 6\n",
    "twice a corner": "f 4 4 3 2 1 4\n",
    "among lines and points": "p 1\nl 1 2 3\nf 5 6\nf 4 3 2 1\nf 7\n",
    "among curves": "cstype bspline\ndeg 1\ncurv 0 1 1 2\nparm u 0 0 1 1\nend\nf 4 3 2 1\n",
    "among groups": "o arrow\ng top\ns 1\nusemtl none\nf 4 3 2 1\n",
}


@pytest.mark.parametrize("way", WAYS)
def test_a_face_may_be_written_in_many_ways(tmp_path, way):
    assert area(tmp_path, HEAD + WAYS[way]) == pytest.approx(CAP)
    assert area(tmp_path, (HEAD + WAYS[way]).replace("\n", "\r\n")) == pytest.approx(CAP)


def test_vertices_may_have_a_weight_or_a_colour(tmp_path):
    for more in ("1.0", "0.5 0.5 0.5"):
        lines = [f"{line} {more}" if line.startswith("v ") else line for line in HEAD.splitlines()]
        assert area(tmp_path, "\n".join([*lines, "f 4 3 2 1"])) == pytest.approx(CAP)


def test_the_bounding_box_is_that_of_what_blender_places(tmp_path):
    text = HEAD.replace("v ", "v 9 9 9\nv ", 1) + "v 2 0 0\nv 3 0 0\nf 5 4 3 2\nl 2 10\nf 2 3\np 11\n"
    (tmp_path / "a.obj").write_text(text)
    with clean_copy(ref_to(tmp_path / "a.obj")) as mesh:
        report = inspect(read(mesh))
    assert report.extent == pytest.approx((2.4, 0.9, 0)) and report.vertices == 5


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (HEAD + "f 1 2 9\n", "a.obj has faces that use vertices which it does not have (yet): 'f 1 2 9'"),
        (HEAD + "f 0 1 2\n", "a.obj has faces that use vertices which it does not have (yet): 'f 0 1 2'"),
        (HEAD + "f -9 1 2\n", "a.obj has faces that use vertices which it does not have (yet): 'f -9 1 2'"),
        ("f 1 2 3\n" + HEAD, "a.obj has faces that use vertices which it does not have (yet): 'f 1 2 3'"),
        (HEAD + "l 1 9\n", "a.obj has lines that use vertices which it does not have (yet): 'l 1 9'"),
        (HEAD + "f 1 2 x\n", "a.obj has a face that is not made of numbers: 'f 1 2 x'"),
        ("v 0,5 0 0\n", "a.obj has a vertex that is not made of numbers: 'v 0,5 0 0'"),
        ("v 1 2\n", "a.obj has a vertex that is not made of numbers: 'v 1 2'"),
        (HEAD + "f 1 2 3\ncall more.obj\n",
         "a.obj has the statement 'call more.obj', which is not drawn: convert it to polygons"),
        (HEAD + "f 1 2 3\nsurf 0 1 0 1 1 2 4 3\n",
         "a.obj has the statement 'surf 0 1 0 1 1 2 4 3', which is not drawn: convert it to polygons"),
        (HEAD + "p 1\nl 1 2\nf 1 2\n", "a.obj holds no faces"),
        ("", "a.obj holds no faces"),
    ],
)  # fmt: skip
def test_unsupported_content_is_named(tmp_path, text, sentence):
    (tmp_path / "a.obj").write_text(text)
    assert cause(ref_to(tmp_path / "a.obj"), whole=True) == sentence
