"""A recipe: the complete description of a dataset as data, read from a TOML file in `recipes/` or of the user."""

import dataclasses
import hashlib
import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

from .common.settings import build, table_of
from .common.shipped import called, extended
from .errors import InvalidValue, SettingError, UnknownName
from .factors import Factor
from .laws import LAWS, Steps
from .schema import MAX_VIEW, files_among, fixed_fields
from .text.plain_text import length_fault

Pass = Literal["boxes", "camera", "depth", "flow", "mask", "nocs", "normal"]
Pattern = Literal["AUTOMATIC", "TABULATED_SOBOL", "BLUE_NOISE"]
ViewTransform = Literal["Standard", "Khronos PBR Neutral", "AgX", "Filmic", "Filmic Log", "False Color", "Raw"]

_ANGLE, _SHARE, _BOUNCES, _SAMPLES = (-2 * math.pi, 2 * math.pi), (0, 1), (0, 1024), (0, 65536)
_LENGTH, _POSITIVE, _LAW = (-1e6, 1e6), (0.001, 1e6), (-1000, 1000)  # laws.support searches this range only
RANGES: dict[str, tuple[float, float]] = {
    "resolution": (8, 4096), "views": (1, 1000), "objects": (1, 4), "jpeg.quality": (1, 100),
    "scene.camera.radius": _POSITIVE, "scene.camera.theta": _ANGLE, "scene.camera.phi": _ANGLE,
    "scene.camera.field_of_view": (0.0065, 3.0),
    "scene.camera.clip_start": (1e-6, 1e6), "scene.camera.clip_end": (1e-6, 1e6),
    "scene.floor.size": _POSITIVE, "scene.floor.height": _LENGTH,
    "scene.floor.saturation": _SHARE, "scene.floor.value": _SHARE, "scene.floor.images.width": (0.01, 1000),
    "scene.sun.energy": (0, 1e6), "scene.sun.angle": (0, math.pi),
    "scene.spot.energy": (0, 1e9), "scene.spot.radius": _POSITIVE, "scene.spot.size": (0.0175, math.pi),
    "scene.spot.blend": _SHARE, "scene.spot.soft_size": (0, 1e6),
    "scene.spot.saturation": _SHARE, "scene.spot.value": _SHARE,
    "scene.world.gray": (0, 1000),
    "scene.materials.diffuse_roughness": _SHARE,
    "scene.bounces.total": _BOUNCES, "scene.bounces.diffuse": _BOUNCES, "scene.bounces.glossy": _BOUNCES,
    "scene.bounces.transmission": _BOUNCES, "scene.bounces.volume": _BOUNCES, "scene.bounces.transparent": _BOUNCES,
    "quality.*.samples": (1, 65536), "quality.*.min_samples": (0, 4096), "quality.*.noise_threshold": (1e-6, 1),
    "quality.*.dither": (0, 2), "quality.*.ground_samples": _SAMPLES,
    "factors.*.law.low": _LAW, "factors.*.law.high": _LAW, "factors.*.law.inner": _LAW, "factors.*.law.outer": _LAW,
    "factors.*.law.at": _LAW, "factors.*.law.steps": (1, 1_000_000),
    "factors.*.law.run": (3, MAX_VIEW + 1),
}  # fmt: skip
"""Smallest and largest value of every number in a recipe: the limits of Blender and of the dataset format."""


@dataclass(frozen=True)
class Jpeg:
    quality: int
    subsampling: Literal["4:4:4", "4:2:2", "4:2:0"]


@dataclass(frozen=True)
class Camera:
    radius: float
    theta: float
    phi: float
    field_of_view: float
    clip_start: float
    clip_end: float


@dataclass(frozen=True)
class ImageFile:
    """An image file: its name in its folder, and the SHA-256 of its content."""

    name: str
    sha256: str

    def __post_init__(self) -> None:
        if not self.name or Path(self.name).name != self.name:
            raise InvalidValue(f"{self.name!r:.80} is not the name of a file: leave out the folder")
        if not re.fullmatch("[0-9a-f]{64}", self.sha256):
            raise InvalidValue(f"{self.sha256!r:.80} is not a SHA-256")


@dataclass(frozen=True)
class FloorImages:
    """Images for the floor, of which the control `floor.image` chooses one by number.

    folder : their folder, in a TOML file relative to the folder of that file; "" for none. It is not part of a dataset,
        which is the same wherever the images are
    width : width of one image on the floor, in diagonals of the object
    files : the images in the order of their numbers; `iebench render` lists them
    """

    folder: str = ""
    width: float = 1.0
    files: tuple[ImageFile, ...] = ()


@dataclass(frozen=True)
class Floor:
    size: float
    height: float
    saturation: float
    value: float
    images: FloorImages = FloorImages()


@dataclass(frozen=True)
class Sun:
    """A distant lamp of some angular width.

    profile : distribution of the light over the angular width: "cone", uniform over solid angle, as in Blender 4.0 and
        later; or "disc", uniform over the flat disc that the width spans at unit distance and not compensated for its
        mean cosine, as in Blender 3
    """

    energy: float
    angle: float
    profile: Literal["cone", "disc"]


@dataclass(frozen=True)
class Spot:
    energy: float
    radius: float
    size: float
    blend: float
    soft_size: float
    saturation: float
    value: float


@dataclass(frozen=True)
class World:
    gray: float


@dataclass(frozen=True)
class Film:
    view_transform: ViewTransform


@dataclass(frozen=True)
class Materials:
    """Interpretation of the materials of mesh files in points where importers differ.

    map_d : meaning of the opacity map of an OBJ material. "opacity": 1 is opaque, as the file format defines;
        "shapenet": inverted in materials that have other maps too, as BlenderProc's loader of ShapeNet does
    diffuse_roughness : roughness of a material's diffuse part, as a fraction of the material's own roughness; 0:
        ideally diffuse, as in Blender 4 and 5. Blender 3's shader was brighter at grazing angles, more so for rough
        materials
    """

    map_d: Literal["opacity", "shapenet"] = "opacity"
    diffuse_roughness: float = 0.0


@dataclass(frozen=True)
class Bounces:
    total: int
    diffuse: int
    glossy: int
    transmission: int
    volume: int
    transparent: int


@dataclass(frozen=True)
class Scene:
    camera: Camera
    floor: Floor
    sun: Sun
    spot: Spot
    world: World
    film: Film
    bounces: Bounces
    materials: Materials = Materials()


@dataclass(frozen=True)
class Quality:
    """Render settings that trade time for noise.

    samples : most samples per pixel; fewer, but at least min_samples, if the pixel's noise is below noise_threshold
    min_samples : least samples per pixel; 0 leaves the choice to Blender
    prefilter : treatment of the denoiser's guides (albedo, normals): "ACCURATE" filters each in a pass of its own,
        "FAST" uses them as noisy guides, and "NONE" as exact guides, for which the denoiser has a larger network. The
        guides of an object with see-through faces are noisy; around such an object "NONE" acts as "ACCURATE"
    dither : noise added before rounding to 8 bits, in units of the last bit
    ground_samples : samples per pixel away from the object, where the image is smooth: this part is rendered at half
        the width (but at least 128 pixels) and enlarged; 0 renders the whole view with the object's settings
    ground_pattern : sampling pattern of the ground; "" means sampling_pattern
    """

    samples: int
    min_samples: int
    noise_threshold: float
    sampling_pattern: Pattern
    prefilter: Literal["ACCURATE", "FAST", "NONE"]
    dither: float
    ground_samples: int = 0
    ground_pattern: Literal["", Pattern] = ""


@dataclass(frozen=True)
class Recipe:
    """Everything that determines a dataset's pixels except its objects and its seed.

    passes : additional images and numbers stored with every view; see docs/reference/format.md
    objects : number of objects in a scene; the latents of the further ones are factors too
    """

    name: str
    resolution: int
    views: int
    channel_order: Literal["rgb", "bgr"]
    licence_note: str
    jpeg: Jpeg
    factors: tuple[Factor, ...]
    scene: Scene
    quality: dict[str, Quality]
    passes: tuple[Pass, ...] = ()
    objects: int = 1

    def __post_init__(self) -> None:
        if fault := length_fault(self.name):
            raise InvalidValue(f"name {fault}")
        names = [factor.name for factor in self.factors]
        if len(set(names)) != len(names):
            raise InvalidValue("two factors have the same name")
        _check_steps(self.factors)
        if list(self.passes) != sorted(set(self.passes)):
            raise InvalidValue(f"passes {list(self.passes)} must be in alphabetical order, each once")
        head, members = fixed_fields(get_args(Pass))  # of all passes, since `--passes` may add any
        if taken := sorted(set(names) & {field.name for field in (*head, *members)}):
            raise InvalidValue(f"factor {taken[0]!r} is named like a column that every dataset has; rename it")

    @property
    def pass_files(self) -> tuple[str, ...]:
        """The passes that are files in the tar; the others are columns of the Parquet."""
        return files_among(self.passes)

    @property
    def factor_names(self) -> list[str]:
        """Column names of the latents, in order."""
        return [factor.name for factor in self.factors]

    @property
    def still_camera(self) -> Camera | None:
        """The camera, None if a factor moves it."""
        moves = any(factor.acts_on.partition(".")[0] == "camera" for factor in self.factors)
        return None if moves else self.scene.camera

    def as_dict(self) -> dict[str, Any]:
        """Return the recipe as plain tables, fit for JSON and for `Recipe.from_dict`.

        `objects`, `scene.materials`, `scene.floor.images`, and of a factor its group and `drawn`, were added later.
        Their default values are left out, so that older recipes keep their digest. The folder of the floor's images is
        left out, too.
        """
        table = dataclasses.asdict(self)
        if table["objects"] == 1:
            del table["objects"]
        images = table["scene"]["floor"].pop("images") | {"folder": ""}
        if images != dataclasses.asdict(FloorImages()):
            del images["folder"]
            table["scene"]["floor"]["images"] = images
        usual, materials = vars(Materials()), table["scene"].pop("materials")
        if chosen := {key: value for key, value in materials.items() if value != usual[key]}:
            table["scene"]["materials"] = chosen
        for entry, factor in zip(table["factors"], self.factors, strict=True):
            kind = next(kind for kind in LAWS if isinstance(factor.law, LAWS[kind]))
            entry["law"] = {"kind": kind, **entry["law"]}
            if not entry["group"]:
                del entry["group"]
            if entry["drawn"] == "view":
                del entry["drawn"]
        return table

    @staticmethod
    def from_dict(table: Any, source: str) -> "Recipe":
        """Build the recipe from plain tables.

        Raises
        ------
        SettingError, UnknownName : an entry is missing, unknown, of the wrong type or out of range; the message starts
            with `source`.
        """
        table = table_of(table, source)
        factors = table.get("factors", [])
        if not isinstance(factors, (list, tuple)):
            raise SettingError(f"{source}: factors is {factors!r:.80}, no list; write one [[factors]] table for each")
        if not factors:
            raise SettingError(
                f"{source}: it has no factors, and a dataset varies one at least: write a [[factors]] table"
            )
        entries = [_with_law(entry, f"{source}: factors[{i}]") for i, entry in enumerate(factors)]
        recipe = build(Recipe, {**table, "factors": entries}, source)
        for key, number in _numbers(recipe):
            _check_range(key, number, source)
        return recipe

    @property
    def digest(self) -> str:
        """SHA-256 of the recipe's content; it does not depend on the layout of the file."""
        return hashlib.sha256(json.dumps(self.as_dict(), sort_keys=True).encode()).hexdigest()


def _check_steps(factors: tuple[Factor, ...]) -> None:
    """Check that angles of the law `steps` make up rotations: three factors of one stream, alike but for their axes."""
    steps = [(factor, factor.law) for factor in factors if isinstance(factor.law, Steps)]
    for factor, law in steps:
        mates = [(other, own) for other, own in steps if other.stream == factor.stream]
        alike = {(own.run, own.low, own.high, other.shared, other.drawn) for other, own in mates}
        if {other.acts_on for other, _ in mates} != {f"rotation.{axis}" for axis in "xyz"} or len(alike) > 1:
            raise InvalidValue(
                f"{factor.name} has the law steps: give it to all three angles, with the same stream, run, low and high"
            )
        if factor.acts_on != f"rotation.{law.axis}":
            raise InvalidValue(f"{factor.name} acts on {factor.acts_on}: give its law the axis {factor.acts_on[-1]!r}")


def _numbers(settings: Any, prefix: str = "") -> Iterator[tuple[str, float]]:
    """Yield all numbers in nested settings with their dotted keys; a factor's key contains its name."""
    if isinstance(settings, tuple):
        settings = {getattr(item, "name", str(i)): item for i, item in enumerate(settings)}
    elif dataclasses.is_dataclass(settings):
        settings = vars(settings)
    if isinstance(settings, dict):
        for key, value in settings.items():
            yield from _numbers(value, f"{prefix}.{key}" if prefix else key)
    elif isinstance(settings, (int, float)) and not isinstance(settings, bool):
        yield prefix, settings


def _check_range(key: str, number: float, source: str) -> None:
    low, high = RANGES.get(_in_ranges(key), (-math.inf, math.inf))
    if not low <= number <= high:
        raise SettingError(f"{source}: {key} is {number}; give a number from {low:g} to {high:g}")
    if not math.isfinite(number):
        raise SettingError(f"{source}: {key} is {number}; give a finite number")


def _in_ranges(key: str) -> str:
    """Return a key as RANGES spells it: with a star in place of a quality's or factor's name."""
    return re.sub(r"^(quality|factors)\..*?(\.law)?(\.\w+)$", r"\1.*\2\3", key)


def _with_law(entry: dict[str, Any], source: str) -> dict[str, Any]:
    if not isinstance(entry, dict) or not isinstance(entry.get("law", {}), dict):
        raise SettingError(f"{source}: {entry!r:.80} is not a factor; write [[factors]] with name, law, ...")
    table = dict(entry.get("law", {}))
    kind = table.pop("kind", None)
    if not isinstance(kind, str) or kind not in LAWS:
        raise UnknownName("law", str(kind), LAWS, f"{source}: ")
    return {**entry, "law": build(LAWS[kind], table, f"{source}: law")}


@cache
def load(name: str = "3diebench") -> Recipe:
    """Load a shipped recipe by name, or a recipe from a TOML file's path.

    >>> load("3diebench").factor_names
    ['rot_x', 'rot_y', 'rot_z', 'floor_hue', 'light_theta', 'light_phi', 'light_hue']

    Raises
    ------
    SettingError, UnknownName : the recipe does not exist, or an entry is missing, unknown or of the wrong type.
    """
    return Recipe.from_dict(extended("recipe", name), called("recipe", name))
