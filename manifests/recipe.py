"""A recipe: what a dataset is made of, as data. Read from a TOML file in `recipes/` or a user's own."""

import dataclasses
import hashlib
import json
import math
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from .common.settings import build
from .common.shipped import called, extended
from .errors import SettingError, UnknownName
from .laws import LAWS, Law

TURNS = {"rad": 2 * math.pi, "turn": 1.0}  # unit of an angle -> a full turn in it


@dataclass(frozen=True)
class Factor:
    """One controlled factor of variation.

    acts_on : "CONTROL.COMPONENT", the renderer's control that puts the value into the scene
    unit : "rad", "turn" or a length; frame : what it is measured in and from, in words
    circular : whether the ends of the unit's range are neighbours
    stream : which random stream feeds the law, if not the one of the factor's own name; for laws of several factors
    shared : whether all objects have the same values
    """

    name: str
    acts_on: str
    unit: str
    frame: str
    circular: bool
    law: Law
    stream: str = ""
    shared: bool = False

    def __post_init__(self) -> None:
        if self.circular and self.unit not in TURNS:
            raise ValueError(f"{self.name} is circular in {self.unit!r}: give it in {' or '.join(TURNS)}")

    @property
    def turn(self) -> float | None:
        """A full turn in the unit of a factor on a circle; None for another."""
        return TURNS[self.unit] if self.circular else None


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
class Floor:
    size: float
    height: float
    saturation: float
    value: float


@dataclass(frozen=True)
class Sun:
    """A distant lamp of some angular width.

    profile : how its light is spread over that width: "cone", evenly over solid angle, as Blender does since 4.0, or
        "disc", evenly over the flat disc that the width spans at unit distance and not compensated for its mean
        cosine, as Blender 3 did
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
    view_transform: str


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


@dataclass(frozen=True)
class Quality:
    """What trades noise for time.

    samples : of a pixel, at most; fewer, but not below min_samples, where its noise falls below noise_threshold
    min_samples : 0 leaves the choice to Blender
    prefilter : what the denoiser does to its guides (albedo, normals) first: "ACCURATE" filters each in a pass of its
        own, "FAST" takes them as noisy, "NONE" as exact, for which it has a larger network
    dither : noise added before rounding to 8 bits, in units of the last bit
    ground_samples : of a pixel away from the object, where the picture is smooth: it is rendered at half its width (but
        no less than 128 pixels) and enlarged; 0 renders the whole view as the object
    ground_pattern : sampling pattern of the ground; "" is sampling_pattern
    """

    samples: int
    min_samples: int
    noise_threshold: float
    sampling_pattern: str
    prefilter: Literal["ACCURATE", "FAST", "NONE"]
    dither: float
    ground_samples: int = 0
    ground_pattern: str = ""


@dataclass(frozen=True)
class Recipe:
    """Everything that decides a dataset's pixels but its objects and its seed.

    passes : what else is stored with every view; see docs/format.md
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
    passes: tuple[Literal["depth", "mask", "nocs", "normal"], ...] = ()

    def __post_init__(self) -> None:
        names = [factor.name for factor in self.factors]
        if len(set(names)) != len(names):
            raise ValueError("two factors have the same name")
        if list(self.passes) != sorted(set(self.passes)):
            raise ValueError(f"passes {list(self.passes)} must be in alphabetical order, each once")
        if self.resolution < 8 or self.views < 1:
            raise ValueError("resolution must be at least 8 and views at least 1")

    @property
    def factor_names(self) -> list[str]:
        """The latents' column names, in order."""
        return [factor.name for factor in self.factors]

    def as_dict(self) -> dict[str, Any]:
        """The recipe as plain tables, fit for JSON and for `Recipe.from_dict`."""
        table = dataclasses.asdict(self)
        for entry, factor in zip(table["factors"], self.factors, strict=True):
            kind = next(kind for kind, cls in LAWS.items() if isinstance(factor.law, cls))
            entry["law"] = {"kind": kind, **entry["law"]}
        return table

    @staticmethod
    def from_dict(table: dict[str, Any], source: str) -> "Recipe":
        """The recipe in plain tables.

        Raises
        ------
        SettingError, UnknownName : an entry that is missing, unknown or of the wrong type; named after `source`.
        """
        entries = [_with_law(entry, f"{source}: factors[{i}]") for i, entry in enumerate(table.get("factors", []))]
        return build(Recipe, {**table, "factors": entries}, source)

    @property
    def digest(self) -> str:
        """SHA-256 of the recipe's content: the same for the same dataset settings, whatever the file's layout."""
        return hashlib.sha256(json.dumps(self.as_dict(), sort_keys=True).encode()).hexdigest()


def _with_law(entry: dict[str, Any], source: str) -> dict[str, Any]:
    if not isinstance(entry, dict) or not isinstance(entry.get("law", {}), dict):
        raise SettingError(f"{source}: {entry!r} is no factor; write [[factors]] with name, law, ...")
    table = dict(entry.get("law", {}))
    kind = table.pop("kind", None)
    if not isinstance(kind, str) or kind not in LAWS:
        raise UnknownName("law", str(kind), LAWS, f"{source}: ")
    return {**entry, "law": build(LAWS[kind], table, f"{source}: law")}


@cache
def load(name: str = "3diebench") -> Recipe:
    """A shipped recipe by name, or one from a TOML file's path.

    >>> load("3diebench").factor_names
    ['rot_x', 'rot_y', 'rot_z', 'floor_hue', 'light_theta', 'light_phi', 'light_hue']

    Raises
    ------
    SettingError, UnknownName : no such recipe, or an entry in it that is missing, unknown or of the wrong type.
    """
    return Recipe.from_dict(extended("recipe", name), called("recipe", name))
