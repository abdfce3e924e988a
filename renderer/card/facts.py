"""Texts shared by the card and the Croissant description."""

from dataclasses import dataclass

from iebench.manifests.dataset import DatasetInfo
from iebench.manifests.factors import Factor
from iebench.manifests.recipe import Recipe
from iebench.manifests.schema import COLUMNS_OF_PASSES, SPLITS, member_suffix

HUB_SPLITS = {"train": "train", "val": "validation"}  # split names of format 1 -> usual names on the Hub

SCENE_CITATION = """@inproceedings{garrido2023sie,
  title     = {Self-supervised learning of Split Invariant Equivariant representations},
  author    = {Garrido, Quentin and Najman, Laurent and LeCun, Yann},
  booktitle = {International Conference on Machine Learning},
  year      = {2023},
}"""
SHAPENET_CITATION = """@article{chang2015shapenet,
  title   = {ShapeNet: An Information-Rich 3D Model Repository},
  author  = {Chang, Angel X. and others},
  journal = {arXiv preprint arXiv:1512.03012},
  year    = {2015},
}"""


@dataclass(frozen=True)
class Licence:
    """A licence: its name on the Hub and the address of its text."""

    hub: str
    url: str


_LICENCES = {
    "CC0-1.0": Licence("cc0-1.0", "https://creativecommons.org/publicdomain/zero/1.0/"),
    "CC-BY-NC-4.0": Licence("cc-by-nc-4.0", "https://creativecommons.org/licenses/by-nc/4.0/"),
}


def licence(info: DatasetInfo) -> Licence:
    """Return the dataset's licence; one without a name on the Hub is "other", with its text in place of the address."""
    return _LICENCES.get(info.licence, Licence("other", info.licence))


def title(info: DatasetInfo) -> str:
    """Return the dataset's title."""
    return f"{info.recipe.name} with {info.source} objects" if info.renderer["name"] != "imported" else info.source


def summary(info: DatasetInfo) -> str:
    """Describe the images and their origin in a few sentences."""
    recipe, counts = info.recipe, info.counts
    images, objects = (sum(counts[split][kind] for split in SPLITS) for kind in ("images", "objects"))
    most = "" if images == objects * recipe.views else "up to "
    return (
        f"{images:,} pictures of {objects:,} objects of {counts['classes']} classes, {most}{recipe.views} of each, "
        f"{recipe.resolution} x {recipe.resolution} pixels. {made(info)} Every picture has "
        f"{len(recipe.factors)} known latents. {latents(info)}{floor_images(recipe)}"
    )


def made(info: DatasetInfo) -> str:
    """Describe in one sentence how the images were made."""
    if info.renderer["name"] == "imported":
        return "Published pictures, byte for byte: iebench checked and indexed them and encoded none again."
    return (
        f"Rendered by iebench with {info.renderer['name']} {info.renderer['version']} on {info.renderer['device']}, "
        f"recipe {info.recipe.name}, quality {info.quality}."
    )


def latents(info: DatasetInfo) -> str:
    """Describe in one sentence the origin of the latents."""
    if info.latents == "drawn":
        return f"The latents are drawn from the laws of the recipe with seed {info.seed}."
    if info.latents == "published":
        return "The latents are the published ones; audit.json compares them with the laws of the recipe."
    return f"The latents were given in a table (SHA-256 {info.latents.removeprefix('given ')})."


def floor_images(recipe: Recipe) -> str:
    """Describe in a sentence the images that the floor shows; "" for none."""
    count = len(recipe.scene.floor.images.files)
    return f" The floor shows {count} images, whose names and SHA-256 are in dataset.json." if count else ""


def citations(info: DatasetInfo) -> list[str]:
    """Return BibTeX entries: for the scene and the laws, and for ShapeNet if the objects come from it."""
    shapenet = "shapenet" in info.source.lower() or info.latents == "published"
    return [SCENE_CITATION, *([SHAPENET_CITATION] if shapenet else [])]


def columns(recipe: Recipe) -> dict[str, str]:
    """Return the description of each column of a shard's Parquet."""
    head = {
        "key": "SYNSET_OBJECTID_VIEW: name of the sample in the tar",
        "synset": "WordNet synset of the object's class, or the name of its folder",
        "object_id": "object within its class",
        "class_name": "name of the class",
        "label": "number of the class, from 0",
        "split": "train or val; all views of an object are in one",
        "view": "number of the view, from 0",
    }
    places = {"": "JPEG"} | {
        f"{name}_": f"pass {name} ({member_suffix(name).rpartition('.')[2].upper()})" for name in recipe.pass_files
    }
    tail = {
        f"{prefix}{column}": text.format(image)
        for prefix, image in places.items()
        for column, text in (
            ("offset", "start of the {} in the tar of the same name, in bytes"),
            ("size", "length of the {} in bytes"),
            ("sha256", "SHA-256 of the {}"),
        )
    }
    numbers = {column: NUMBER_TEXT[column] for name in recipe.passes for column in COLUMNS_OF_PASSES.get(name, {})}
    return head | {factor.name: factor_text(factor) for factor in recipe.factors} | tail | numbers


def factor_text(factor: Factor) -> str:
    """Describe a latent's frame, unit and law in a phrase."""
    circular = "; circular" if factor.circular else ""
    return f"{factor.frame}; in {factor.unit}{circular}; law: {factor.in_words}"


OBJECT_COLUMNS = {
    "mesh_sha256": "SHA-256 of the mesh; empty where it is not known",
    "faces": "faces of the mesh; 0 where it is not known",
    "status": "ok, texture missing (rendered in its plain colour) or failed",
    "views": "pictures of the object",
    "path": "path of the mesh in its collection; empty for a built-in object",
    "materials": "materials of the mesh",
    "textures": "different images that its materials show",
    "missing": "textures and material libraries that could not be used, one a line",
    "vertices": "vertices in the mesh file",
    "triangles": "triangles in the mesh file, once polygons are cut",
    "bad_vertices": "vertices that are not finite numbers",
    "flat_faces": "triangles without area, up to rounding",
    "doubles": "faces that are not rendered because an earlier one has the same corners",
    "watertight": "true if every edge has two faces",
    "extent_x": "width of the bounding box along the file's x",
    "extent_y": "width of the bounding box along the file's y",
    "extent_z": "width of the bounding box along the file's z",
    "notes": "differences between the drawing and the mesh file, one a line",
    "companions": "the other objects of its scene, synset/object_id and SHA-256 of the mesh, one a line",
    "cause": "reason why the object has no pictures, in a sentence",
}

NUMBER_TEXT = {
    "camera_intrinsics": "camera frame to pixels, 3 x 3 row by row; the centre of the first pixel is (0.5, 0.5)",
    "world_to_camera": "world to camera frame (x right, y down, z forward), 4 x 4 row by row",
}

PASS_TEXT = {
    "boxes": "JSON: camera matrices; of each object pose, box in 3D, box of its visible pixels and of all of it",
    "depth": "distance along the camera's axis, 16 bits, 8192 steps a unit; 65535 from 8 units on",
    "flow": "motion of the object's points to its next view, three images one below another: right, down, seen there",
    "mask": "255 where the pixel's centre sees the object, 127, 63, 31 where it sees the second to fourth, else 0",
    "nocs": "point on the object in its own frame, 255 (p + 0.5); black elsewhere",
    "normal": "unit normal in the world frame, 127.5 (n + 1); black where nothing is seen",
}
