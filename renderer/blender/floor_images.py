"""Images of a folder for the floor: listed and checked before rendering starts, read again by the workers.

A dataset stores the name and the SHA-256 of each image. A worker refuses a file with another SHA-256.
"""

import hashlib
import io
import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from iebench.manifests.brief import few
from iebench.manifests.common.causes import read_failure
from iebench.manifests.common.machine import cores
from iebench.manifests.common.placeholders import placeholder
from iebench.manifests.errors import SettingError
from iebench.manifests.recipe import FloorImages, ImageFile, Recipe, load
from iebench.manifests.text.plain_text import cleaned, flaw

from ..errors import AssetError
from ..meshes.shared.bounds import Bounds

ENDINGS = (".bmp", ".jpeg", ".jpg", ".png", ".tga", ".tif", ".tiff", ".webp")
MOST_FILES = 1000  # a law has no more values
MOST_BYTES = 256_000_000  # of a file
MOST_PIXELS = 1 << 24  # 4096 x 4096; Blender holds an image in 64 MB
COMPONENT = "floor.image"
SHIPPED = "factors/floor-image"  # the recipe whose images iebench ships
SETTING = "scene.floor.images.folder"
REMEDY = "replace it by an undamaged image, or remove it from the folder"


def listed_images(recipe: Recipe, source: str) -> tuple[Recipe, list[str]]:
    """Return a recipe with the images of its folder, sorted by name, and sentences about files that are not images.

    A recipe without a factor that acts on the images is returned unchanged.

    source : the recipe's name in messages

    Raises
    ------
    SettingError : there is a folder without a factor, or a factor without a folder; the folder is missing, unreadable
        or contains no image; a file named like an image is damaged or too large; the recipe already lists other files.
    """
    images = recipe.scene.floor.images
    acting = [factor.name for factor in recipe.factors if factor.acts_on == COMPONENT]
    if acting and not images.folder:
        raise SettingError(
            f"{source}: {acting[0]} acts on {COMPONENT}, and no folder of images is named: add {SETTING}"
        )
    if not acting and (images.folder or images.files):
        raise SettingError(f"{source}: it has images of the floor and no factor that acts on {COMPONENT}: add one")
    if not acting:
        return recipe, []
    folder = Path(images.folder)
    names = _names(folder, source)
    chosen = [name for name in names if name.lower().endswith(ENDINGS)]
    if not chosen:
        raise SettingError(
            f"{source}: {SETTING} {folder} holds no image: put files there that end in {', '.join(ENDINGS)}"
        )
    if len(chosen) > MOST_FILES:
        raise SettingError(f"{source}: {SETTING} {folder} holds {len(chosen):,} images: keep {MOST_FILES:,} at most")
    for name in chosen:
        if fault := flaw(name):
            raise SettingError(f"{source}: the name of {folder / cleaned(name)} holds {fault}: rename the file")
    if images.files:
        return located_images(recipe, folder), []
    bounds = Bounds(folder)
    with ThreadPoolExecutor(cores()) as threads:
        files = tuple(threads.map(lambda name: _checked(bounds, folder / name), chosen))
    left = [cleaned(name) for name in names if name not in chosen and not name.startswith(".")]
    notes = [f"{len(left)} files in {folder} are left out because they are not images: {few(left)}"] if left else []
    return _with(recipe, replace(images, files=files)), notes


def located_images(recipe: Recipe, folder: Path | None) -> Recipe:
    """Return the recipe of a dataset with the folder that contains its images.

    folder : None for the images that iebench ships

    Raises
    ------
    SettingError : no folder is given, and iebench does not ship all images; or an image is missing in the folder, or
        has another SHA-256.
    """
    images = recipe.scene.floor.images
    if not images.files:
        return recipe
    shipped = Path(load(SHIPPED).scene.floor.images.folder)
    if folder is None and not _shipped(images, shipped):
        names = few(file.name for file in images.files)
        raise SettingError(
            f"the floor shows {len(images.files)} images ({names}), which iebench does not ship: give the folder that "
            "holds them, the [scene.floor.images] folder of the dataset's recipe, with --images FOLDER"
        )
    located = replace(images, folder=str((folder or shipped).absolute()))
    for file in images.files:
        _content(located, file)
    return _with(recipe, located)


def read_image(images: FloorImages, number: int) -> NDArray[np.uint8]:
    """Return the pixels of an image, (h, w, 3) uint8 RGB; transparent parts are white.

    number : from 0, in the order of `images.files`

    Raises
    ------
    SettingError : the file is missing, or has changed since rendering was planned.
    """
    file = images.files[number]
    return _decoded(_content(images, file), Path(images.folder) / file.name)


def _shipped(images: FloorImages, folder: Path) -> bool:
    """True if `folder`, which iebench ships, contains all listed images."""
    paths = {file: folder / file.name for file in images.files}
    return all(
        path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == file.sha256 for file, path in paths.items()
    )


def _names(folder: Path, source: str) -> list[str]:
    """Return the names in a folder, sorted by code points, which is the same order on every machine."""
    try:
        if not folder.exists():
            raise SettingError(f"{source}: no such folder: {folder}, as named in {SETTING}")
        if not folder.is_dir():
            raise SettingError(f"{source}: {SETTING} {folder} is a file: give a folder of images")
        return sorted(path.name for path in folder.iterdir())
    except OSError as error:
        raise SettingError(f"{source}: {read_failure(folder, error, 'give another folder')}") from None


def _checked(bounds: Bounds, path: Path) -> ImageFile:
    """Decode an image once; return its name and SHA-256."""
    try:
        bounds.check_link(path, path.name)
    except AssetError as error:
        raise SettingError(f"{path.parent}: {error}") from None
    content = _bytes(path)
    _decoded(content, path)
    return ImageFile(path.name, hashlib.sha256(content).hexdigest())


def _content(images: FloorImages, file: ImageFile) -> bytes:
    """Return the bytes of a listed image."""
    path = Path(images.folder) / file.name
    content = _bytes(path)
    if hashlib.sha256(content).hexdigest() != file.sha256:
        raise SettingError(f"{path} is not the image that the dataset lists (other SHA-256): restore that image")
    return content


def _bytes(path: Path) -> bytes:
    try:
        if not path.is_file() and path.exists():
            raise SettingError(f"{path} is not a file: {REMEDY}")
        if (size := path.stat().st_size) > MOST_BYTES:
            raise SettingError(f"{path} has {size:,} bytes, over the limit of {MOST_BYTES:,}: make it smaller")
        if words := placeholder(path):
            raise SettingError(f"{path} {words}")
        return path.read_bytes()
    except OSError as error:
        raise SettingError(read_failure(path, error, REMEDY)) from None


def _decoded(content: bytes, path: Path) -> NDArray[np.uint8]:
    try:
        with warnings.catch_warnings(), Image.open(io.BytesIO(content)) as image:
            warnings.simplefilter("ignore")  # Pillow warns about large images, which have a limit here
            if image.width * image.height > MOST_PIXELS:
                raise SettingError(
                    f"{path} has {image.width:,} x {image.height:,} pixels, over the limit of {MOST_PIXELS:,}: make it "
                    "smaller"
                )
            return _rgb(image)
    except SettingError:
        raise
    except Image.DecompressionBombError:
        raise SettingError(f"{path} has more pixels than the limit of {MOST_PIXELS:,}: make it smaller") from None
    except Exception as error:  # a damaged file makes Pillow's decoders raise nearly anything
        if isinstance(error, MemoryError):
            raise
        raise SettingError(f"{path} is not an image, or a damaged one: {REMEDY}") from None


def _rgb(image: Image.Image) -> NDArray[np.uint8]:
    """Return an image upright, as 8-bit RGB on white."""
    if image.mode.startswith("I"):  # 16 bits a pixel, which Pillow would clip at 255
        grey = np.clip(np.asarray(image).astype(np.float64) / 257, 0, 255).round().astype(np.uint8)
        image = Image.fromarray(grey)
    upright = ImageOps.exif_transpose(image)
    if upright.has_transparency_data:
        upright = upright.convert("RGBA")
        upright = Image.alpha_composite(Image.new("RGBA", upright.size, "white"), upright)
    return np.asarray(upright.convert("RGB"))


def _with(recipe: Recipe, images: FloorImages) -> Recipe:
    return replace(recipe, scene=replace(recipe.scene, floor=replace(recipe.scene.floor, images=images)))
