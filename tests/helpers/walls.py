"""Upright plates before the camera, red where all is well, in every mesh format and variant."""

import meshes
import numpy as np
import solids
from PIL import Image


def ply_with_texture(folder):
    meshes.write_image(folder / "t.png")
    solid = meshes.plate(color=None)
    rows = "\n".join(f"{x} {y} {z} {x + 0.5} {z + 0.5}" for x, y, z in solid.vertices)
    faces = "\n".join(f"3 {a} {b} {c}" for a, b, c in solid.faces)
    (folder / "a.ply").write_text(
        "ply\nformat ascii 1.0\ncomment TextureFile t.png\nelement vertex 8\nproperty float x\nproperty float y\n"
        "property float z\nproperty float s\nproperty float t\nelement face 12\n"
        f"property list uchar int vertex_indices\nend_header\n{rows}\n{faces}\n"
    )
    return folder / "a.ply"


def ply_with_two_textures(folder):
    """As MeshLab writes it: texture coordinates of corners, and a texture number for each face."""
    Image.new("RGB", (4, 4), (0, 0, 255)).save(folder / "blue.png")
    meshes.write_image(folder / "red.png")
    solid = meshes.plate(color=None)
    ahead = (np.abs(solid.face_normals[:, 1]) > 0.9).astype(int)
    coordinates = [[0.5, 0.5] * 3] * len(solid.faces)
    rows = [
        (face.tolist(), corners, number) for face, corners, number in zip(solid.faces, coordinates, ahead, strict=True)
    ]
    properties = ["list uchar int vertex_indices", "list uchar float texcoord", "int texnumber"]
    comments = [f"comment TextureFile {name}.png" for name in ("blue", "red")]
    tables = [solids.vertices(solid.vertices.tolist()), ("face", properties, rows)]
    (folder / "a.ply").write_bytes(solids.ply("binary_little_endian", tables, comments=comments))
    return folder / "a.ply"


def obj_with_vertex_colors(folder):
    lines = [f"{line} 1 0 0" if line.startswith("v ") else line for line in meshes.PLATE.splitlines()]
    (folder / "a.obj").write_text(meshes.TEXTURE_CORNERS + "\n".join(lines) + "\n")
    return folder / "a.obj"


def gltf_beside(folder):
    meshes.write_image(folder / "tex tures" / "ä.jpg", quality=95)
    tree, body = meshes.textured_plate(None, "tex%20tures/ä.jpg")
    (folder / "ein puffer.bin").write_bytes(body)
    tree["buffers"][0]["uri"] = "ein%20puffer.bin"
    return meshes.write_gltf(folder / "a b.gltf", tree)


def glb_with_texture(folder):
    tree, body = meshes.textured_plate(meshes.write_image(folder / "t.png").read_bytes())
    return meshes.write_gltf(folder / "a.glb", tree, body)


def glb_in_webp(folder):
    tree, body = meshes.textured_plate(meshes.write_image(folder / "t.webp", lossless=True).read_bytes())
    tree["textures"] = [{"extensions": {"EXT_texture_webp": {"source": 0}}}]
    tree["extensionsUsed"] = tree["extensionsRequired"] = ["EXT_texture_webp"]
    return meshes.write_gltf(folder / "a.glb", tree, body)


def obj_in_utf16(folder):
    meshes.write_image(folder / "ein Bild.png")
    return meshes.write_wall(folder, "newmtl w\nmap_Kd ein Bild.png\n", "größe 字", "mit lücke.mtl", "utf-16")


def obj_with_latin1_library(folder):
    meshes.write_image(folder / "grün.png")
    path = meshes.write_wall(folder, "")
    (folder / "wall.mtl").write_bytes("# für\nnewmtl w\nmap_Kd grün.png\n".encode("latin-1"))
    return path


def obj_with_jpeg(folder):
    meshes.write_image(folder / "images" / "t.jpg", quality=95)
    return meshes.write_wall(folder / "models", "newmtl w\nmap_Kd ../images/t.jpg\n")


def obj_with_186_materials(folder):
    colors = ["1 0 0" if i == 185 else "0 0 1" for i in range(186)]
    library = "".join(f"newmtl m{i}\nKd {color}\nKs 0 0 0\n" for i, color in enumerate(colors))
    (folder / "a.mtl").write_text(library)
    far = "".join(f"usemtl m{i}\nf {3 * i + 1} {3 * i + 2} {3 * i + 3}\n" for i in range(185))
    specks = "".join(f"v {x} -0.4 0\nv {x} -0.399 0\nv {x} -0.4 0.001\n" for x in np.linspace(-0.4, 0.4, 185))
    plate = meshes.block((-0.4, -0.4, -0.02), (0.4, 0.4, 0.02), 3 * 185 + 1)
    (folder / "a.obj").write_text(f"mtllib a.mtl\n{meshes.TEXTURE_CORNERS}{specks}{far}usemtl m185\n{plate}")
    return folder / "a.obj"


def exported(suffix, **options):
    def make(folder):
        meshes.plate(up="y" if suffix == "glb" else "z", **options).export(folder / f"a.{suffix}")
        return folder / f"a.{suffix}"

    return make


RED_WALLS = {
    "glb vertex colours": exported("glb"),
    "ply vertex colours": exported("ply"),
    "ply face colours": exported("ply", by="face"),
    "obj vertex colours": obj_with_vertex_colors,
    "ply texture": ply_with_texture,
    "ply with two textures": ply_with_two_textures,
    "glb texture": glb_with_texture,
    "glb webp texture": glb_in_webp,
    "gltf with files beside it": gltf_beside,
    "obj jpeg in ../images": obj_with_jpeg,
    "obj in utf-16 with spaces": obj_in_utf16,
    "obj with latin-1 library": obj_with_latin1_library,
    "obj with 186 materials": obj_with_186_materials,
}


def holed(folder, level):
    """Write a wall whose opacity map has one level everywhere."""
    Image.new("L", (8, 8), level).save(folder / "o.png")
    return meshes.write_wall(folder, "newmtl w\nKd 1 0 0\nmap_d o.png\n")
