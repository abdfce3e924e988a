"""Textures: found as Blender would find them, but never outside the object's folder, and decoded once to be sure."""

import os
import warnings
from pathlib import Path
from urllib.parse import unquote

from PIL import Image

from iebench.manifests.common.causes import SOUND
from iebench.manifests.common.placeholders import placeholder

from ..errors import AssetError
from .limits import ALL_PIXELS, IMAGE_PIXELS, check

KEPT = {"PNG": ".png", "JPEG": ".jpg", "BMP": ".bmp", "TIFF": ".tif", "TGA": ".tga", "WEBP": ".webp"}
"""Formats that Blender reads as they are, by Pillow's name; others are copied as PNG."""


def inside(folder: Path, place: Path) -> Path | None:
    """The file at `place`, if it is one and the path as written does not leave `folder`; links are followed.

    >>> inside(Path("/data/chair"), Path("/data/chair/../../etc/passwd")) is None
    True

    Raises
    ------
    AssetError : a pointer of Git LFS lies there in its place.
    """
    plain = Path(os.path.normpath(place))
    try:
        if not plain.is_relative_to(folder):
            return None
        if words := placeholder(plain):
            raise AssetError(f"{plain.relative_to(folder)} {words}")
        return plain if plain.is_file() else None
    except (OSError, ValueError) as error:  # a name that is too long, or holds a zero byte
        _raise_fault(error)
        return None


def _raise_fault(error: Exception) -> None:
    """Raise what is no fault of a texture again: without it, the object would be drawn in its plain colour for good."""
    if isinstance(error, OSError) and error.errno in SOUND:
        raise error


def resolve(folder: Path, base: Path, name: str) -> Path | None:
    """The file that a mesh or material file in the folder `base` means by `name`: what Blender tries, in its order.

    Windows separators, quotes, underscores for spaces, and at last the bare name beside the file that names it.
    """
    plain = name.strip().strip("\"'").replace("\\", "/")
    for candidate in (name, plain, plain.replace("_", " "), unquote(plain), plain.rpartition("/")[2]):
        found = inside(folder, base / candidate) if candidate else None
        if found is not None:
            return found
    return None


class Textures:
    """The textures of one object: verified, linked into the clean folder, counted.

    missing : names, as the files write them, of what is absent, unreadable or outside
    """

    def __init__(self, name: str, folder: Path, to: Path) -> None:
        self._name, self._folder, self._to = name, folder, to
        self._staged: dict[Path, str | None] = {}
        self._pixels = 0
        self.missing: list[str] = []

    @property
    def used(self) -> int:
        """How many different images the object has."""
        return sum(staged is not None for staged in self._staged.values())

    def lost(self, name: str) -> None:
        """Note a file that cannot be used."""
        shown = name.encode("utf-8", "replace").decode()[:200]
        if shown not in self.missing:
            self.missing.append(shown)

    def stage(self, base: Path, name: str) -> str | None:
        """The name in the clean folder of the image called `name` by a file in the folder `base`; None if missing.

        Raises
        ------
        AssetError : all textures together are over the limit.
        """
        path = resolve(self._folder, base, name)
        if path is not None:
            return self.stage_file(path, name)
        self.lost(name)
        return None

    def stage_file(self, path: Path, name: str) -> str | None:
        """The same for an image whose place is known."""
        if path not in self._staged:
            self._staged[path] = self._link(path)
        if self._staged[path] is None:
            self.lost(name)
        return self._staged[path]

    def _link(self, path: Path) -> str | None:
        try:
            with warnings.catch_warnings(), Image.open(path) as image:
                warnings.simplefilter("ignore")  # Pillow's on large images, for which there are limits here
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
            _raise_fault(error)
            return None
        self._pixels += pixels
        check(self._name, "pixels of textures", self._pixels, ALL_PIXELS)
        return staged
