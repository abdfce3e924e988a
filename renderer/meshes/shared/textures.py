"""Textures: found in the same way as by Blender, but only inside the object's folder, and decoded once as a check."""

import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from iebench.manifests.recipe import Materials

from .bounds import Bounds, raise_machine_fault
from .limits import ALL_PIXELS, IMAGE_PIXELS, check

KEPT = {"PNG": ".png", "JPEG": ".jpg", "BMP": ".bmp", "TIFF": ".tif", "TGA": ".tga", "WEBP": ".webp"}
"""Formats that Blender reads directly, by Pillow's name; images in other formats are converted to PNG."""
WEIGHTS = np.array([0.2126729, 0.7151522, 0.0721750], np.float32)  # red, green, blue in Cycles' luminance


def alpha(image: Image.Image) -> NDArray[np.float32]:
    """Return an image's opacity, (h, w) in [0, 1]: its alpha channel, or else its luminance.

    >>> float(alpha(Image.new("RGBA", (1, 1), (255, 255, 255, 51)))[0, 0].round(3))
    0.2
    """
    if not image.has_transparency_data:
        return luminance(image)
    return np.asarray(image.convert("RGBA"), np.float32)[..., 3] / 255


def luminance(image: Image.Image) -> NDArray[np.float32]:
    """Return the luminance of an image's stored values, (h, w) in [0, 1], as Blender 3 read maps.

    >>> float(luminance(Image.new("RGB", (1, 1), (0, 255, 0)))[0, 0].round(3))
    0.715
    """
    if image.mode.startswith("I"):  # 16 bits per pixel, which Pillow would clip at 255
        return np.clip(np.asarray(image).astype(np.float32) / 65535, 0, 1)
    if image.mode == "F":
        return np.clip(np.nan_to_num(np.asarray(image, np.float32)), 0, 1)
    return np.asarray(image.convert("RGBA"), np.float32)[..., :3] @ WEIGHTS / 255


class Textures:
    """The textures of one object: verified, linked into the clean folder, counted.

    bounds : folders that the object's files must not leave
    materials : settings for reading opacity maps
    missing : names, as written in the files, of textures that are absent, unreadable or outside the folder
    notes : differences between the rendered object and its files, one sentence each
    """

    def __init__(self, name: str, bounds: Bounds, to: Path, materials: Materials) -> None:
        self._name, self.bounds, self._to, self.materials = name, bounds, to, materials
        self._staged: dict[Path, str | None] = {}
        self.notes: list[str] = []
        self._pixels = 0
        self.missing: list[str] = []

    @property
    def used(self) -> int:
        """Number of different images of the object."""
        return sum(staged is not None for staged in self._staged.values())

    def lost(self, name: str) -> None:
        """Record a file that cannot be used."""
        shown = name.encode("utf-8", "replace").decode()[:200]
        if shown not in self.missing:
            self.missing.append(shown)

    def stage(self, base: Path, name: str) -> str | None:
        """Return the clean folder's name of the image called `name` by a file in the folder `base`; None if missing.

        Raises
        ------
        AssetError : all textures together are over the limit.
        """
        path = self.bounds.find(base, name)
        if path is not None:
            return self.stage_file(path, name)
        self.lost(name)
        return None

    def stage_file(self, path: Path, name: str) -> str | None:
        """Return the clean folder's name of an image at a known path; None if the image cannot be used."""
        if path not in self._staged:
            self._staged[path] = self._link(path)
        if self._staged[path] is None:
            self.lost(name)
        return self._staged[path]

    def stage_opacity(self, base: Path, name: str, inverted: bool) -> str | None:
        """Return the name of an opacity map, stored as the alpha channel of an image, the only channel Blender reads.

        The opacity is the map's alpha channel, or its luminance if it has none; if `inverted`, it is 1 - luminance.

        Raises
        ------
        AssetError : all textures together are over the limit.
        """
        original = self.stage(base, name)
        if original is None:
            return None
        staged = f"{Path(original).stem}-{'inverted' if inverted else 'opacity'}.png"
        if not (self._to / staged).exists():
            with Image.open(self._to / original) as image:
                opacity = 1 - luminance(image) if inverted else alpha(image)
            pixels = np.round(255 * opacity).astype(np.uint8)
            white = np.full_like(pixels, 255)
            Image.fromarray(np.stack([white, white, white, pixels], axis=-1)).save(self._to / staged)
        return staged

    def _link(self, path: Path) -> str | None:
        try:
            with warnings.catch_warnings(), Image.open(path) as image:
                warnings.simplefilter("ignore")  # Pillow warns about large images, which have limits here
                pixels = image.width * image.height
                if pixels > IMAGE_PIXELS:
                    return None
                image.load()
                staged = f"t{len(self._staged)}{KEPT.get(image.format or '', '.png')}"
                if image.format in KEPT:
                    (self._to / staged).symlink_to(path.absolute())
                else:
                    image.convert("RGBA").save(self._to / staged)
        except Exception as error:  # a damaged file makes Pillow's decoders raise nearly anything
            raise_machine_fault(error)
            return None
        self._pixels += pixels
        check(self._name, "pixels of textures", self._pixels, ALL_PIXELS)
        return staged
