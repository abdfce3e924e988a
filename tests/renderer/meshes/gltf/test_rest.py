"""glTF at rest: with accessors, morph targets, skins and instances, the mesh read is the mesh that the file has."""

from pathlib import Path

import meshes
import numpy as np
import pytest
import trimesh
from cleaning import cause, ref_to
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from iebench.renderer.meshes.clean import clean_copy
from iebench.renderer.meshes.gltf.arrays import Writer
from iebench.renderer.meshes.inspect import inspect, read

SOLID = meshes.l_shape(up="y")
SOLID.apply_translation(-SOLID.bounds.mean(axis=0))
POINTS, FACES = np.asarray(SOLID.vertices, np.float32), np.asarray(SOLID.faces, np.uint16)


class Scene:
    """glTF with one mesh, changed by a test; `add` appends an array to its buffer."""

    def __init__(self):
        self.writer = Writer()
        position, indices = self.add(POINTS), self.add(FACES)
        self.part = {"attributes": {"POSITION": position}, "indices": indices}
        self.tree = {
            "scenes": [{"nodes": [0]}], "nodes": [{"mesh": 0}], "meshes": [{"primitives": [self.part]}],
            "accessors": self.writer.accessors, "bufferViews": self.writer.views,
        }  # fmt: skip

    def add(self, values, width=None, **more):
        values = np.asarray(values)
        number = self.writer.add(values, width or (1 if values.dtype.kind == "u" else values.shape[1]))
        self.writer.accessors[number] |= more
        return number

    def save(self, folder: Path) -> Path:
        self.tree["buffers"] = [self.writer.save(folder / "b.bin")]
        body = (folder / "b.bin").read_bytes()
        del self.tree["buffers"][0]["uri"]
        return meshes.write_gltf(folder / "a.glb", self.tree, body)


def measured(path):
    """Return the mesh read from a glTF's clean copy, and its notes."""
    with clean_copy(ref_to(path)) as mesh:
        return read(mesh), mesh.notes


def assert_same(path, points, faces=FACES):
    """Check that a glTF has these triangles, in any order."""
    loaded, _ = measured(path)
    triangles, expected = (
        np.asarray(p)[np.asarray(f)].reshape(-1, 9) for p, f in ((loaded.vertices, loaded.faces), (points, faces))
    )
    assert len(triangles) == len(expected)
    assert cKDTree(triangles).query(expected)[0].max() < 2e-4
    assert cKDTree(expected).query(triangles)[0].max() < 2e-4


@pytest.mark.parametrize("name", ["sparse", "zeros", "quantized", "shorts", "interleaved"])
def test_accessors_of_every_kind_are_the_same_solid(tmp_path, name):
    scene = Scene()
    accessor, position = scene.writer.accessors[0], scene.part["attributes"]
    rows, node = np.array([3, 7, 11], np.uint16), scene.tree["nodes"][0]
    if name == "sparse":  # three vertices replaced
        wrong = POINTS.copy()
        wrong[rows] = 9
        position["POSITION"] = scene.add(wrong)
        accessor = scene.writer.accessors[-1]
    if name == "zeros":  # all of them, without a base array
        rows = np.arange(len(POINTS)).astype(np.uint16)
        del accessor["bufferView"]
    if name in ("sparse", "zeros"):
        places, values = (scene.writer.accessors[scene.add(v)]["bufferView"] for v in (rows, POINTS[rows]))
        indices = {"bufferView": places, "componentType": 5123}
        accessor["sparse"] = {"count": len(rows), "indices": indices, "values": {"bufferView": values}}
    if name == "quantized":
        position["POSITION"] = scene.add(np.round(POINTS * 32767).astype(np.int16), normalized=True)
        scene.tree["extensionsRequired"] = scene.tree["extensionsUsed"] = ["KHR_mesh_quantization"]
    if name == "shorts":
        position["POSITION"] = scene.add(np.round(POINTS * 1000).astype(np.int16))
        node["scale"] = [0.001] * 3
    if name == "interleaved":
        number = scene.add(np.hstack([POINTS, POINTS + 5]), width=3, count=len(POINTS))
        scene.writer.views[scene.writer.accessors[number]["bufferView"]]["byteStride"] = 24
        position["POSITION"] = number
    assert_same(scene.save(tmp_path), POINTS)


@pytest.mark.parametrize("holder", ["mesh", "node"])
def test_morph_targets_are_weighed_in(tmp_path, holder):
    scene, rng = Scene(), np.random.default_rng(0)
    deltas = rng.normal(size=(2, *POINTS.shape)).astype(np.float32)
    scene.part["targets"] = [{"POSITION": scene.add(delta)} for delta in deltas]
    scene.tree["meshes"][0]["weights"] = [0.25, -0.5] if holder == "mesh" else [1, 1]
    scene.tree["nodes"][0] |= {"weights": [0.25, -0.5]} if holder == "node" else {}
    assert_same(scene.save(tmp_path), POINTS + 0.25 * deltas[0] - 0.5 * deltas[1])


def test_a_skin_stands_as_its_joints_do(tmp_path):
    """Compares with a loop over vertices and joints; the transform of the node itself is ignored."""
    scene, rng = Scene(), np.random.default_rng(0)
    joints, weights = rng.integers(0, 2, (len(POINTS), 4)).astype(np.uint8), rng.random((len(POINTS), 4))
    back = np.stack([np.eye(4), np.diag([1, 2, 1, 1.0])]).astype(np.float32)
    back[1, :3, 3] = [0.1, 0, -0.2]
    turn = Rotation.from_euler("xyz", [0.3, -0.5, 1.1])
    scene.part["attributes"] |= {
        "JOINTS_0": scene.add(joints, width=4), "WEIGHTS_0": scene.add(weights.astype(np.float32)),
    }  # fmt: skip
    inverse = scene.add(back.transpose(0, 2, 1).reshape(2, 16), width=4, type="MAT4", count=2)
    scene.tree["skins"] = [{"joints": [1, 2], "inverseBindMatrices": inverse}]
    scene.tree["nodes"] = [
        {"mesh": 0, "skin": 0, "translation": [50, 0, 0]},
        {"translation": [0, 1, 0], "children": [2]},
        {"rotation": turn.as_quat().tolist(), "scale": [1, 1, 3]},
    ]
    scene.tree["scenes"] = [{"nodes": [0, 1]}]
    up = np.eye(4)
    up[:3, 3] = [0, 1, 0]
    bend = np.eye(4)
    bend[:3, :3] = turn.as_matrix() @ np.diag([1, 1, 3])
    moves = [up @ back[0], up @ bend @ back[1]]
    expected = np.zeros_like(POINTS, dtype=float)
    for i, point in enumerate(POINTS):
        for joint, weight in zip(joints[i], weights[i], strict=True):
            expected[i] += weight / weights[i].sum() * (moves[joint] @ [*point, 1])[:3]
    assert_same(scene.save(tmp_path), expected)


def test_instances_become_copies(tmp_path):
    scene = Scene()
    shifts, turns = np.array([[0, 0, 0], [2, 0, 0], [0, 3, 0]]), Rotation.random(3, random_state=0)
    sizes = np.array([[1, 1, 1], [1, 2, 1], [-1, 1, 1]])
    columns = {"TRANSLATION": shifts, "ROTATION": turns.as_quat(), "SCALE": sizes}
    attributes = {key: scene.add(values.astype(np.float32)) for key, values in columns.items()}
    scene.tree["nodes"][0] |= {"extensions": {"EXT_mesh_gpu_instancing": {"attributes": attributes}}, "scale": [2] * 3}
    copies = [2 * (turn.apply(POINTS * size) + shift) for turn, size, shift in zip(turns, sizes, shifts, strict=True)]
    faces = [FACES + np.uint16(0), FACES + len(POINTS), FACES[:, ::-1] + 2 * len(POINTS)]
    path = scene.save(tmp_path)
    assert_same(path, np.vstack(copies), np.vstack(faces))
    assert measured(path)[0].volume == pytest.approx(SOLID.volume * 8 * 4, rel=1e-4)


@pytest.mark.parametrize("mode", [4, 5, 6])
def test_lists_strips_and_fans_are_triangles(tmp_path, mode):
    square = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 1, 0], [0, 2, 0]], np.float32)
    rows = {4: [0, 1, 2, 2, 1, 3, 2, 3, 4], 5: [0, 0, 1, 2, 3, 4], 6: [1, 3, 4, 2, 0]}[mode]
    faces = {
        4: [[0, 1, 2], [2, 1, 3], [2, 3, 4]],
        5: [[0, 2, 1], [1, 2, 3], [2, 4, 3]],
        6: [[1, 3, 4], [1, 4, 2], [1, 2, 0]],
    }[mode]
    scene = Scene()
    scene.part |= {
        "attributes": {"POSITION": scene.add(square)}, "indices": scene.add(np.array(rows, np.uint8)), "mode": mode,
    }  # fmt: skip
    loaded, _ = measured(scene.save(tmp_path))
    triangles = {tuple(np.roll(face, -face.argmin())) for face in np.asarray(loaded.faces)}
    points = [tuple(p) for p in np.round(loaded.vertices, 3)]
    named = {tuple([tuple(p) for p in square].index(points[i]) for i in face) for face in triangles}
    turned = {tuple(np.roll(face, -np.argmin(face)).tolist()) for face in faces}
    assert {tuple(np.roll(face, -np.argmin(face)).tolist()) for face in named} == turned


def test_parts_that_are_not_drawn_are_not_measured(tmp_path):
    scene = Scene()
    far = np.vstack([POINTS, [[100, 0, 0]]]).astype(np.float32)
    scene.part["attributes"]["POSITION"] = scene.add(far)  # a vertex without a face
    bare = {"attributes": {"NORMAL": scene.add(POINTS)}}
    line = {"attributes": {"POSITION": scene.add(far)}, "mode": 1}
    scene.tree["meshes"] += [{"primitives": [bare, line]}]
    scene.tree["nodes"] += [{"mesh": 1}, {"mesh": 0, "translation": [7, 0, 0]}, {"mesh": 0, "translation": [9, 0, 0]}]
    scene.tree["nodes"][2]["extensions"] = {"KHR_node_visibility": {"visible": False}}
    scene.tree["scenes"][0]["nodes"] = [0, 1, 2]  # and the last is in no scene
    loaded, notes = measured(scene.save(tmp_path))
    assert inspect(loaded).extent == pytest.approx(SOLID.extents)
    assert inspect(loaded).triangles == len(FACES)
    assert notes == ("a primitive without positions is left out", "points or lines are left out")


def test_a_strip_of_one_corner_holds_no_faces(tmp_path):
    scene = Scene()
    scene.part |= {"indices": scene.add(np.zeros(9, np.uint8)), "mode": 5}
    assert cause(ref_to(scene.save(tmp_path))) == "a.glb holds no faces"


def test_a_cycle_of_joints_outside_the_scene_ends(tmp_path):
    scene = Scene()
    scene.part["attributes"] |= {
        "JOINTS_0": scene.add(np.zeros((len(POINTS), 4), np.uint8), width=4),
        "WEIGHTS_0": scene.add(np.full((len(POINTS), 4), 0.25, np.float32)),
    }
    scene.tree["skins"] = [{"joints": [1]}]
    scene.tree["nodes"] = [{"mesh": 0, "skin": 0}, {"children": [2]}, {"children": [1]}]
    assert_same(scene.save(tmp_path), POINTS)


def test_exports_of_trimesh_are_read_as_trimesh_means_them(tmp_path):
    scene = trimesh.Scene()
    scene.add_geometry(SOLID, node_name="a", transform=trimesh.transformations.rotation_matrix(0.7, (1, 2, 3)))
    scene.add_geometry(SOLID, node_name="b", parent_node_name="a", transform=np.diag([-1, 2, 1, 1]))
    scene.export(tmp_path / "a.glb")
    expected = scene.to_mesh()
    assert_same(tmp_path / "a.glb", expected.vertices, expected.faces)


def meshopt(scene, required):
    for view in scene.writer.views:
        view["extensions"] = {"EXT_meshopt_compression": {"buffer": 1}}
    scene.tree["extensionsUsed"] = ["EXT_meshopt_compression"]
    scene.tree["extensionsRequired"] = scene.tree["extensionsUsed"] if required else []


def test_compression_that_cannot_be_read_is_named_with_a_remedy(tmp_path):
    scene = Scene()
    meshopt(scene, required=False)
    path = scene.save(tmp_path)
    assert_same(path, POINTS)  # the data is there uncompressed too
    scene = Scene()
    meshopt(scene, required=True)
    scene.tree["buffers"] = [{"byteLength": 500, "extensions": {"EXT_meshopt_compression": {"fallback": True}}}]
    path = meshes.write_gltf(tmp_path / "a.gltf", scene.tree)
    words = (
        "a.gltf is compressed with EXT_meshopt_compression, which cannot be read: write it again without compression"
    )
    assert cause(ref_to(path)).startswith(words)


def test_an_extension_that_is_required_and_unknown_is_named(tmp_path):
    scene = Scene()
    scene.tree["extensionsUsed"] = scene.tree["extensionsRequired"] = ["ACME_teapots", "KHR_texture_transform"]
    words = "a.glb needs the glTF extension ACME_teapots, which cannot be read: write it again without"
    assert cause(ref_to(scene.save(tmp_path))) == words
    scene.tree["extensionsRequired"] = []
    assert_same(scene.save(tmp_path), POINTS)
