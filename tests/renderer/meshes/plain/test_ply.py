"""PLY files of every form: the same solid, or refused in one sentence."""

import numpy as np
import pytest
import solids
from cleaning import cause, ref_to
from PIL import Image

from iebench.renderer.errors import AssetError
from iebench.renderer.meshes.clean import clean_copy
from iebench.renderer.meshes.inspect import inspect, read
from iebench.renderer.meshes.shared.report import NOTES

FORMS = ("ascii", "binary_little_endian", "binary_big_endian")


def loaded(path, content):
    path.write_bytes(content)
    with clean_copy(ref_to(path)) as mesh:
        return read(mesh)


def is_arrow(mesh):
    report = inspect(mesh)
    assert mesh.area == pytest.approx(solids.AREA)
    assert report.extent == pytest.approx(solids.EXTENT)
    assert (report.triangles, report.vertices, report.flat_faces, report.watertight) == (12, 8, 0, True)
    assert mesh.volume == pytest.approx(0.24 * 0.2)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("polygons", [solids.FACES, solids.MIXED], ids=["quads", "mixed"])
def test_polygons_of_one_size_and_of_several_are_read(tmp_path, form, polygons):
    is_arrow(loaded(tmp_path / "a.ply", solids.ply(form, [solids.vertices(), solids.faces(polygons)])))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("length", ["char", "uchar", "int16", "uint16", "int", "uint32"])
@pytest.mark.parametrize("kind", ["int8", "uint8", "short", "ushort", "int32", "uint"])
def test_lists_of_every_width_are_read(tmp_path, form, length, kind):
    tables = [solids.vertices(kind="double"), solids.faces(solids.MIXED, length, kind, "vertex_index")]
    is_arrow(loaded(tmp_path / "a.ply", solids.ply(form, tables)))


@pytest.mark.parametrize("form", FORMS)
def test_additional_elements_and_properties_are_ignored(tmp_path, form):
    rows = [(7, *point, [1.5] * (i % 3), 0.5) for i, point in enumerate(solids.POINTS)]
    properties = ["uchar a", "float x", "double y", "float z", "list uchar float weights", "float quality"]
    walls = [(i, list(polygon), [0.5] * i, 3) for i, polygon in enumerate(solids.MIXED)]
    tables = [
        ("camera", ["float view", "list uchar int seen"], [(1.0, [1, 2, 3])]),
        ("vertex", properties, rows),
        ("material", ["uchar red"], []),
        ("face", ["uchar flags", "list uchar int vertex_indices", "list int float own", "short more"], walls),
        ("edge", ["int vertex1", "int vertex2"], [(0, 1), (1, 2)]),
    ]
    is_arrow(loaded(tmp_path / "a.ply", solids.ply(form, tables)))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_headers_have_any_line_end_and_comments_in_any_encoding(tmp_path, form, end, encoding):
    comments = [
        "comment größe",
        "comment",
        "obj_info num_cols 512",
        "Created by a program",
        "comment end_header is further below",
    ]
    tables = [solids.vertices(), solids.faces(solids.MIXED)]
    is_arrow(loaded(tmp_path / "a.ply", solids.ply(form, tables, end, comments, encoding)))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-8-sig"])
def test_text_in_other_encodings_is_read(tmp_path, encoding):
    text = solids.ply("ascii", [solids.vertices(), solids.faces()]).decode()
    is_arrow(loaded(tmp_path / "a.ply", text.encode(encoding)))


@pytest.mark.parametrize("form", FORMS)
def test_strips_are_triangles_turned_alike(tmp_path, form):
    points = [(0, 0, 0), (1, 0, 0), (0, 1, 0), (1, 1, 0), (0, 2, 0), (1, 2, 0)]
    strip = [0, 1, 2, 3, 4, 5, -1, 5, 4, 3, -1, 1, 1, 2, 2]
    tables = [solids.vertices(points), ("tristrips", ["list int int vertex_indices"], [(strip,), ([1, 3, 2],)])]
    mesh = loaded(tmp_path / "a.ply", solids.ply(form, tables))
    assert mesh.faces.tolist() == [[0, 1, 2], [2, 1, 3], [2, 3, 4], [4, 3, 5], [5, 4, 3], [1, 3, 2]]
    assert (np.cross(*(mesh.triangles[:4, i] - mesh.triangles[:4, 0] for i in (1, 2)))[:, 2] > 0).all()


def test_strips_of_missing_vertices_are_refused(tmp_path):
    tables = [solids.vertices(), ("tristrips", ["list int int vertex_indices"], [([0, 1, 2, 8],)])]
    (tmp_path / "a.ply").write_bytes(solids.ply("ascii", tables))
    assert cause(ref_to(tmp_path / "a.ply")) == "a.ply has faces that use vertices which it does not have"


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("kind", "red"), [("uchar", 255), ("ushort", 65535), ("float", 1.0), ("float", 255.0), ("int", 255)]
)
@pytest.mark.parametrize("element", ["vertex", "face"])
def test_colours_are_read_in_every_type(tmp_path, form, kind, red, element):
    names = [f"{kind} {name}" for name in ("red", "green", "blue")]
    tables = [solids.vertices(), solids.faces(solids.MIXED)]
    tables = [
        (n, p + names, [(*r, red, 0, 0) for r in rows]) if n == element else (n, p, rows) for n, p, rows in tables
    ]
    mesh = loaded(tmp_path / "a.ply", solids.ply(form, tables))
    is_arrow(mesh)
    assert mesh.visual.kind == element
    colors = getattr(mesh.visual, f"{element}_colors")
    assert len(colors) == (8 if element == "vertex" else 12) and (colors == [255, 0, 0, 255]).all()


def test_faces_of_one_polygon_keep_its_colour(tmp_path):
    polygons = [(*row, i, 0, 0) for i, row in enumerate(solids.faces()[2])]
    properties = ["list uchar int vertex_indices", "uchar red", "uchar green", "uchar blue"]
    mesh = loaded(tmp_path / "a.ply", solids.ply("ascii", [solids.vertices(), ("face", properties, polygons)]))
    assert mesh.visual.face_colors[:, 0].tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]


@pytest.mark.parametrize("by", ["vertex", "corner"])
def test_a_texture_is_read_and_nothing_is_printed(tmp_path, capfd, by):
    Image.new("RGB", (4, 4)).save(tmp_path / "t.png")
    tables = [solids.vertices(), solids.faces(solids.MIXED)]
    places = {corner: [float(x), float(y)] for corner, (x, y, _) in enumerate(solids.POINTS)}
    if by == "vertex":
        rows = [(*point, *places[corner]) for corner, point in enumerate(solids.POINTS)]
        tables[0] = ("vertex", ["float x", "float y", "float z", "float s", "float t"], rows)
    else:
        rows = [(list(face), [number for corner in face for number in places[corner]]) for face in solids.MIXED]
        tables[1] = ("face", ["list uchar int vertex_indices", "list uchar float texcoord"], rows)
    mesh = loaded(tmp_path / "a.ply", solids.ply("binary_big_endian", tables, comments=["comment TextureFile t.png"]))
    assert capfd.readouterr() == ("", "")
    assert mesh.visual.uv == pytest.approx(np.asarray(mesh.vertices)[:, :2], abs=1e-6)
    assert mesh.area == pytest.approx(solids.AREA) and inspect(mesh).watertight


def test_colours_stand_in_for_a_texture_that_is_missing(tmp_path):
    rows = [(*point, 0.5, 0.5, 255, 0, 0) for point in solids.POINTS]
    properties = [*solids.vertices()[1], "float s", "float t", "uchar red", "uchar green", "uchar blue"]
    tables = [("vertex", properties, rows), solids.faces()]
    mesh = loaded(tmp_path / "a.ply", solids.ply("ascii", tables, comments=["comment TextureFile gone.png"]))
    assert mesh.visual.kind == "vertex"


def test_vertices_of_no_face_are_left_out(tmp_path):
    points = [*solids.POINTS, (90, 90, 90), (float("nan"), 0, 0)]
    is_arrow(loaded(tmp_path / "a.ply", solids.ply("binary_little_endian", [solids.vertices(points), solids.faces()])))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda raw: raw[:-3], r"cut short or damaged: it has fewer rows of 'face' than the 7"),
        (lambda raw: raw[:-70], r"cut short or damaged"),
        (lambda raw: raw + b"tail", r"damaged: it has data after the elements of its header"),
        (lambda raw: raw.replace(b"end_header", b"end_of_it!"), "no end of its header"),
        (lambda raw: raw.replace(b"float x", b"quad8 x"), r"'property quad8 x'"),
        (lambda raw: raw.replace(b"ply", b"plx", 1), r"does not begin with the line 'ply'"),
        (lambda raw: raw.replace(b"float z", b"float w"), r"no vertices with an x, a y and a z"),
        (lambda raw: raw[: raw.index(b"element face")], r"no end of its header"),
        (lambda raw: raw.replace(b"vertex 8", b"vertex -8"), r"'element vertex -8'"),
        (lambda raw: raw.replace(b"face 7", b"face 4999999"), r"cut short or damaged"),
    ],
)
@pytest.mark.parametrize("form", FORMS)
def test_damage_is_named(tmp_path, form, change, sentence):
    content = solids.ply(form, [solids.vertices(), solids.faces(solids.MIXED)])
    (tmp_path / "a.ply").write_bytes(change(content))
    words = cause(ref_to(tmp_path / "a.ply"))
    if not (form == "ascii" and change(content).endswith(b"tail")):
        assert sentence in words
    assert words.startswith("a.ply ") and "Error" not in words


@pytest.mark.parametrize("corner", ["1.5", "nan", "1e99"])
def test_corners_are_whole_numbers(tmp_path, corner):
    content = solids.ply("ascii", [solids.vertices(), solids.faces([("0", corner, "2")])])
    (tmp_path / "a.ply").write_bytes(content)
    assert cause(ref_to(tmp_path / "a.ply")) == "a.ply has faces with corners that are not whole numbers"


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("far", ["1e30", "-1e300"])
def test_huge_coordinates_are_read_without_warnings(tmp_path, far):
    mesh = loaded(
        tmp_path / "a.ply", solids.ply("ascii", [solids.vertices([(far, 0, 0), *solids.POINTS[1:]]), solids.faces()])
    )
    assert inspect(mesh).triangles == 12


def test_text_that_is_no_number_is_named(tmp_path):
    content = solids.ply("ascii", [solids.vertices(), solids.faces()]).replace(b"0.5", b"0,5")
    (tmp_path / "a.ply").write_bytes(content)
    assert cause(ref_to(tmp_path / "a.ply")) == "a.ply has '0,5' where a number should be"


@pytest.mark.parametrize("form", FORMS)
def test_points_and_range_grids_hold_no_faces(tmp_path, form):
    tables = [solids.vertices(), ("range_grid", ["list uchar int vertex_indices"], [([0],), ([],), ([1],)])]
    for count in (1, 2):
        (tmp_path / "a.ply").write_bytes(solids.ply(form, tables[:count]))
        words = ["8 of 'vertex'", "3 of 'range_grid'"][:count]
        assert cause(ref_to(tmp_path / "a.ply")) == f"a.ply holds no faces: its elements are {', '.join(words)}"


def triangle(path, kind, color):
    """Read a triangle with vertex colours whose numbers have the given type."""
    columns = "".join(f"property {kind} {name}\n" for name in ("red", "green", "blue"))
    rows = "".join(f"{position} {color}\n" for position in ("0 0 0", "1 0 0", "0 1 0"))
    text = (
        "ply\nformat ascii 1.0\nelement vertex 3\nproperty float x\nproperty float y\nproperty float z\n"
        f"{columns}element face 1\nproperty list uchar int vertex_indices\nend_header\n{rows}3 0 1 2\n"
    )
    return loaded(path, text.encode())


@pytest.mark.parametrize(
    ("kind", "color", "note"),
    [
        ("float", "1 0.2 0", ""),
        ("uchar", "255 51 0", ""),
        ("ushort", "65535 13107 0", ""),
        ("float", "255 51 0", "vertex colours go up to 255: divided by 255"),
        ("int", "255 51 0", "vertex colours go up to 255: divided by 255"),
        ("double", "2 0.4 -1", "vertex colours go down to -1: taken as 0; vertex colours go up to 2: scaled to 1"),
    ],
)
def test_colours_of_any_type_and_range_are_the_same(tmp_path, kind, color, note):
    mesh = triangle(tmp_path / "a.ply", kind, color)
    assert (mesh.visual.vertex_colors == [255, 51, 0, 255]).all()
    assert mesh.metadata[NOTES] == ([note] if note else [])


def test_colours_that_are_not_finite_are_refused(tmp_path):
    with pytest.raises(AssetError, match=r"^a\.ply has vertex colours that are not finite numbers"):
        triangle(tmp_path / "a.ply", "float", "nan 0 0")
