"""Small mesh files of every kind, also unusual ones, written by tests.

The solids: `STEP`, an asymmetric black L, and `wall`, a thin upright plate before the camera.
"""

import json
import struct
import zlib
from pathlib import Path

import numpy as np
import trimesh
from PIL import Image

RED = (255, 0, 0)


def block(low: tuple[float, ...], high: tuple[float, ...], start: int = 1) -> str:
    """Return a box as OBJ text, y up, every face with texture corners; `start` is the number of its first vertex."""
    corners = [(x, y, z) for z in (low[2], high[2]) for y in (low[1], high[1]) for x in (low[0], high[0])]
    faces = [(1, 3, 4, 2), (5, 6, 8, 7), (1, 2, 6, 5), (3, 7, 8, 4), (1, 5, 7, 3), (2, 4, 8, 6)]
    lines = [f"v {x} {y} {z}" for x, y, z in corners]
    lines += ["f " + " ".join(f"{corner + start - 1}/{i + 1}" for i, corner in enumerate(face)) for face in faces]
    return "\n".join(lines) + "\n"


TEXTURE_CORNERS = "vt 0 0\nvt 1 0\nvt 1 1\nvt 0 1\n"
# An L of two blocks, off centre, with a line element among the faces: 0.6 wide, 0.5 high, 0.2 deep.
STEP = (
    TEXTURE_CORNERS
    + "usemtl black\n"
    + block((1, 1, 1), (1.6, 1.2, 1.2))
    + "l 1 2\n"
    + block((1, 1.2, 1), (1.2, 1.5, 1.1), 9),
    "newmtl black\nKd 0 0 0\nKs 0 0 0\n",
)
PLATE = block((-0.4, -0.4, -0.02), (0.4, 0.4, 0.02))


def wall(texture: str) -> tuple[str, str]:
    """Return a thin upright box that faces the camera, textured; green if the texture is missing."""
    obj = TEXTURE_CORNERS + "usemtl w\n" + PLATE
    return obj, f"newmtl w\nKd 0 1 0\nKs 0 0 0\nmap_Kd ../images/{texture}\n"


def write_wall(folder: Path, mtl: str, name: str = "wall", library: str = "wall.mtl", encoding: str = "utf-8") -> Path:
    """Write folder/NAME.obj, a wall with material `w` from the library beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / library).write_bytes(mtl.encode("utf-8"))
    text = f"mtllib {library}\n{TEXTURE_CORNERS}usemtl w\n{PLATE}"
    (folder / f"{name}.obj").write_bytes(text.encode(encoding))
    return folder / f"{name}.obj"


def write_image(path: Path, **options: object) -> Path:
    """Write a red image of 16 x 16 pixels."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (16, 16), RED).save(path, **options)
    return path


def huge_png(path: Path, side: int = 60_000) -> Path:
    """Return a PNG of a few bytes whose header declares side x side pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + body)
    return path


def plate(up: str = "z", color: tuple[int, int, int] | None = RED, by: str = "vertex") -> trimesh.Trimesh:
    """Return the wall with its normal towards the camera, coloured by "vertex" or "face"."""
    solid = trimesh.creation.box(extents=(0.8, 0.04, 0.8) if up == "z" else (0.8, 0.8, 0.04))
    if color is not None:
        setattr(solid.visual, f"{by}_colors", (*color, 255))
    return solid


def l_shape(up: str = "z") -> trimesh.Trimesh:
    """Return the solid of STEP, its width along x; extent 0.6 x 0.2 x 0.5 with z up."""
    parts = [((1, 1.6), (1, 1.2), (1, 1.2)), ((1, 1.2), (1, 1.1), (1.2, 1.5))]
    boxes = [trimesh.creation.box(bounds=np.array(part).T) for part in parts]
    solid = trimesh.util.concatenate(boxes)
    if up == "y":  # (x, y, z) of the world is (x, z, -y) of the file
        solid.vertices = solid.vertices[:, [0, 2, 1]] * [1, 1, -1]
    return solid


def draco_plate(path: Path, image: bytes) -> Path:
    """Write the plate of `textured_plate` as a Draco-compressed GLB."""
    import DracoPy

    tree, body = textured_plate(image)
    corners, places = (np.frombuffer(body, "<f4", 12, 0), np.frombuffer(body, "<f4", 8, 48))
    faces = np.frombuffer(body, "<u2", 12, 80).astype(np.uint32)
    packed = DracoPy.encode(
        corners.reshape(4, 3), faces.reshape(4, 3), tex_coord=places.reshape(4, 2).astype(float), preserve_order=True
    )
    packed += bytes(-len(packed) % 4)
    numbers = {a["attribute_type"]: a["unique_id"] for a in DracoPy.decode(packed).attributes}
    attributes = {"POSITION": numbers[0], "TEXCOORD_0": numbers[3]}
    primitive = tree["meshes"][0]["primitives"][0]
    primitive["extensions"] = {"KHR_draco_mesh_compression": {"bufferView": 0, "attributes": attributes}}
    tree["extensionsUsed"] = tree["extensionsRequired"] = ["KHR_draco_mesh_compression"]
    for accessor in tree["accessors"]:
        del accessor["bufferView"]
    tree["images"][0]["bufferView"] = 1
    sizes = [len(packed), len(image)]
    tree["bufferViews"] = [
        {"buffer": 0, "byteOffset": 0, "byteLength": sizes[0]},
        {"buffer": 0, "byteOffset": sizes[0], "byteLength": sizes[1]},
    ]
    tree["buffers"] = [{"byteLength": sum(sizes)}]
    return write_gltf(path, tree, packed + image)


def write_gltf(path: Path, tree: dict, body: bytes = b"") -> Path:
    """Write a GLB from JSON and buffer; for a path that ends in .gltf, write the JSON alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    tree = {"asset": {"version": "2.0"}, **tree}
    if path.suffix == ".gltf":
        path.write_text(json.dumps(tree))
        return path
    text = json.dumps(tree).encode()
    text += b" " * (-len(text) % 4)
    body += bytes(-len(body) % 4)
    chunks = struct.pack("<II", len(text), 0x4E4F534A) + text
    chunks += struct.pack("<II", len(body), 0x004E4942) + body if body else b""
    path.write_bytes(b"glTF" + struct.pack("<II", 2, 12 + len(chunks)) + chunks)
    return path


def textured_plate(image: bytes | None, uri: str | None = None) -> tuple[dict, bytes]:
    """Return JSON and buffer of a glTF plate, y up, with a texture embedded or at `uri`; green if it is missing."""
    corners = np.array([[-0.4, -0.4, 0], [0.4, -0.4, 0], [0.4, 0.4, 0], [-0.4, 0.4, 0]], "<f4")
    places = np.array([[0, 1], [1, 1], [1, 0], [0, 0]], "<f4")
    faces = np.array([0, 1, 2, 0, 2, 3, 0, 2, 1, 0, 3, 2], "<u2")  # from both sides
    pieces = [corners.tobytes(), places.tobytes(), faces.tobytes(), image or b""]
    starts = np.cumsum([0, *map(len, pieces)])
    views = [
        {"buffer": 0, "byteOffset": int(start), "byteLength": len(piece)}
        for start, piece in zip(starts, pieces, strict=False)
        if piece
    ]
    tree = {
        "scenes": [{"nodes": [0]}],
        "scene": 0,
        "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0, "TEXCOORD_0": 1}, "indices": 2, "material": 0}]}],
        "accessors": [
            {"bufferView": 0, "componentType": 5126, "count": 4, "type": "VEC3",
             "min": [-0.4, -0.4, 0], "max": [0.4, 0.4, 0]},
            {"bufferView": 1, "componentType": 5126, "count": 4, "type": "VEC2"},
            {"bufferView": 2, "componentType": 5123, "count": len(faces), "type": "SCALAR"},
        ],
        "materials": [{"pbrMetallicRoughness": {
            "baseColorTexture": {"index": 0}, "metallicFactor": 0, "baseColorFactor": [1, 1, 1, 1]}}],
        "textures": [{"source": 0}],
        "images": [{"bufferView": 3, "mimeType": "image/png"} if uri is None else {"uri": uri}],
        "bufferViews": views,
        "buffers": [{"byteLength": int(starts[-1])}],
    }  # fmt: skip
    return tree, b"".join(pieces)
