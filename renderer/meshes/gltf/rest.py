"""A glTF at rest: its scene with one plain triangle mesh per node, which every reader interprets in the same way.

Morph targets are added with their weights, skins are posed by their joints, and instances become copies. trimesh, which
measures the object, and Blender, which renders it, then read the same shape.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from ...errors import AssetError
from .arrays import Json, Reader, Writer, item
from .parts import Floats, Part, read_part, repeated, skinned

INSTANCES = "EXT_mesh_gpu_instancing"
VISIBILITY = "KHR_node_visibility"
NODE = ("children", "mesh", "matrix", "translation", "rotation", "scale")


def at_rest(name: str, tree: Json, folder: Path) -> list[str]:
    """Replace the meshes, skins and buffers of a glTF, whose buffers are staged in `folder`, by plain ones.

    returns : notes on parts that are left out or changed

    Raises
    ------
    InvalidValue : it refers to a missing entry.
    AssetError : the scene contains no faces.
    """
    scene = _Scene(name, tree, folder)
    for number in scene.order:
        scene.settle(number)
    if not scene.meshes:
        raise AssetError(f"{name} holds no faces")
    for key in ("skins", "extensions"):
        tree.pop(key, None)
    tree["nodes"] = [{key: node[key] for key in NODE if key in node} for node in tree.get("nodes", [])]
    tree["meshes"], tree["accessors"], tree["bufferViews"] = scene.meshes, scene.writer.accessors, scene.writer.views
    tree["buffers"] = [scene.writer.save(folder / "rest.bin")]
    return list(dict.fromkeys(scene.notes))


class _Scene:
    """The nodes of a glTF, and the plain meshes that are written for them."""

    def __init__(self, name: str, tree: Json, folder: Path) -> None:
        self._name, self._tree = name, tree
        self._reader, self.writer = Reader(tree, folder), Writer()
        self._nodes: list[Json] = tree.get("nodes", [])
        self._old: list[Json] = tree.get("meshes", [])
        self._made: dict[tuple[int, tuple[float, ...]], int | None] = {}
        self.meshes: list[Json] = []
        self.notes: list[str] = []
        self._parents = {child: number for number, node in enumerate(self._nodes) for child in node.get("children", [])}
        self.order = self._visible()

    def _visible(self) -> list[int]:
        """Return the visible nodes of the scene, parents first; a hidden node also hides its children."""
        roots = [number for number in range(len(self._nodes)) if number not in self._parents]
        scene = self._tree["scenes"][0] if self._tree.get("scenes") else {"nodes": roots}
        order, waiting = [], list(scene.get("nodes", []))
        while waiting:
            number = waiting.pop()
            node = item(self._tree, "nodes", number)
            if node.get("extensions", {}).get(VISIBILITY, {}).get("visible", True):
                order.append(number)
                waiting += node.get("children", [])
        for number in set(range(len(self._nodes))) - set(order):
            self._nodes[number].pop("mesh", None)
        return order

    def settle(self, number: int) -> None:
        """Replace the mesh of a node by a plain mesh; a skinned mesh gets a new root node, since joints position it."""
        node = self._nodes[number]
        old, skin = node.pop("mesh", None), node.get("skin")
        if old is None:
            return
        mesh = item(self._tree, "meshes", old)
        morph: tuple[float, ...] = tuple(node.get("weights") or mesh.get("weights") or ())
        instances = node.get("extensions", {}).get(INSTANCES)
        if skin is None and instances is None:
            if (old, morph) not in self._made:
                self._made[old, morph] = self._write(self._read(mesh, morph))
            new = self._made[old, morph]
        elif skin is not None:
            joints = self._joints(item(self._tree, "skins", skin))
            new = self._write([skinned(part, joints) for part in self._read(mesh, morph)])
        else:
            copies = self._copies(instances["attributes"])
            new = self._write([repeated(part, copies) for part in self._read(mesh, morph)])
        if new is None:
            return
        if skin is None:
            node["mesh"] = new
        else:
            self._nodes.append({"mesh": new})
            if self._tree.get("scenes"):
                self._tree["scenes"][0]["nodes"].append(len(self._nodes) - 1)

    def _read(self, mesh: Json, morph: Sequence[float]) -> list[Part]:
        outcomes = [read_part(self._name, primitive, self._reader, morph) for primitive in mesh["primitives"]]
        parts = [part for part in outcomes if not isinstance(part, str)]
        self.notes += [note for note in outcomes if isinstance(note, str)]
        self.notes += [note for part in parts for note in part.notes]
        return [part for part in parts if len(part.triangles)]

    def _write(self, parts: Sequence[Part]) -> int | None:
        """Append a mesh; return its number, or None for a mesh without triangles."""
        if not parts:
            return None
        self.meshes.append({"primitives": [self._primitive(part) for part in parts]})
        return len(self.meshes) - 1

    def _primitive(self, part: Part) -> Json:
        add = self.writer.add
        attributes = {"POSITION": add(part.points.astype(np.float32), 3)}
        accessor = self.writer.accessors[-1]
        if np.isfinite(part.points).all():
            accessor["min"], accessor["max"] = part.points.min(0).tolist(), part.points.max(0).tolist()
        if part.normals is not None:
            lengths = np.linalg.norm(part.normals, axis=1, keepdims=True)
            attributes["NORMAL"] = add((part.normals / np.where(lengths > 0, lengths, 1)).astype(np.float32), 3)
        attributes |= {key: add(values, values.shape[1]) for key, values in part.others.items()}
        material = {} if part.material is None else {"material": part.material}
        return {"attributes": attributes, "indices": add(part.triangles, 1), **material}

    def _joints(self, skin: Json) -> Floats:
        """Return the matrices from the bind pose to the scene: (j, 4, 4)."""
        to_scene = np.stack([self._to_scene(joint) for joint in skin["joints"]])
        if "inverseBindMatrices" not in skin:
            return to_scene
        columns = self._reader.array(skin["inverseBindMatrices"]).astype(np.float64).reshape(-1, 4, 4)
        from_bind: Floats = columns.transpose(0, 2, 1)  # glTF stores a matrix column by column
        product: Floats = to_scene @ from_bind[: len(to_scene)]
        return product

    def _to_scene(self, number: int) -> Floats:
        """Return the product of the matrices of a node and all its ancestors."""
        matrix, node = _matrix(item(self._tree, "nodes", number)), number
        for _ in self._nodes:  # bounded, because nodes outside the scene may form a cycle
            if (above := self._parents.get(node)) is None:
                break
            matrix, node = _matrix(self._nodes[above]) @ matrix, above
        return matrix

    def _copies(self, attributes: Json) -> Floats:
        """Return the matrices of a node's instances: (k, 4, 4)."""
        columns = {key: self._reader.array(number).astype(np.float64) for key, number in attributes.items()}
        count = max(map(len, columns.values()), default=0)
        shift = columns.get("TRANSLATION", np.zeros((count, 3)))
        turn = columns.get("ROTATION", np.tile([0.0, 0, 0, 1], (count, 1)))
        size = columns.get("SCALE", np.ones((count, 3)))
        rows = [{"translation": t, "rotation": r, "scale": s} for t, r, s in zip(shift, turn, size, strict=False)]
        return np.array([_matrix(row) for row in rows]).reshape(-1, 4, 4)


def _matrix(node: Json) -> Floats:
    """Return a node's own matrix (4, 4) for column vectors, from its frame to its parent's."""
    if "matrix" in node:
        return np.array(node["matrix"], np.float64).reshape(4, 4).T
    matrix = np.eye(4)
    turn = np.asarray(node.get("rotation", [0, 0, 0, 1]), np.float64)
    rotation = Rotation.from_quat(turn).as_matrix() if np.linalg.norm(turn) > 0 else np.eye(3)
    matrix[:3, :3] = rotation * np.asarray(node.get("scale", [1, 1, 1]), np.float64)
    matrix[:3, 3] = node.get("translation", [0, 0, 0])
    return matrix
