"""A renderer without Blender, for tests that need no real images: three coloured axes over a tinted floor.

The image depends only on object and latents: the pose rotates the axes, the class determines their colours, the object
their lengths. The background shows the floor's hue, and a disc shows the light's position and hue. Every factor of
another control is a stripe along the lower edge. A circular factor determines the hue of its stripe. Any other factor
determines the brightness, from black at the law's smallest value to full at its largest.
"""

import colorsys
import hashlib
import zlib
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from iebench.manifests.conventions import pose
from iebench.manifests.laws import support
from iebench.manifests.recipe import Quality, Recipe

from ..sources import ObjectRef
from .interface import Body, Geometry, MeshInfo

DRAWN = (
    "rotation.x", "rotation.y", "rotation.z", "translation.x", "translation.y", "translation.z", "floor.hue",
    "spot.theta", "spot.phi", "spot.hue",
)  # fmt: skip
"""Components without a stripe: the rest of the image shows them, except translations, which it does not show."""


class FakeRenderer:
    """Renderer for tests, as described in the module's docstring."""

    def __init__(self, recipe: Recipe, quality: Quality, device: str, threads: int) -> None:
        self._size = recipe.resolution
        self._companions: list[str] = []
        others = [factor for factor in recipe.factors if factor.acts_on not in DRAWN]
        self._stripes = [(factor.name, factor.turn, support(factor.law)) for factor in others]

    def about(self) -> dict[str, str]:
        return {"name": "fake", "version": "1", "device": "CPU"}

    def load(self, ref: ObjectRef) -> MeshInfo:
        self._hues = [(ref.label * 0.37 + i / 3) % 1 for i in range(3)]
        self._companions = [f"{other.synset}/{other.object_id}" for other in ref.companions]
        self._lengths = 0.25 + 0.2 * np.random.default_rng(zlib.crc32(ref.object_id.encode())).random(3)
        others = tuple(f"{name} {_sha256(name)}" for name in self._companions)
        return MeshInfo(_sha256(f"{ref.synset}/{ref.object_id}"), 3, "ok", companions=others)

    def render(self, latents: Mapping[str, float]) -> NDArray[np.uint8]:
        size = self._size
        image = Image.new("RGB", (size, size), _rgb(latents["floor_hue"], 0.6, 0.6))
        draw = ImageDraw.Draw(image)
        reach, phi = np.sin(latents["light_theta"]) * size / 2, latents["light_phi"]
        spot = np.array([size / 2 - reach * np.cos(phi), size / 2 + reach * np.sin(phi)])
        draw.ellipse([*(spot - size / 4), *(spot + size / 4)], fill=_rgb(latents["light_hue"], 0.5, 0.9))
        axes = pose([latents[f"rot_{axis}"] for axis in "xyz"]).as_matrix().T * self._lengths[:, None]
        for axis, hue in sorted(zip(axes, self._hues, strict=True), key=lambda pair: float(pair[0] @ [0, 1, 1])):
            tip = size / 2 + size * np.array([-axis[0], (axis[1] - axis[2]) / 2**0.5])
            draw.line([size / 2, size / 2, *tip], fill=_rgb(hue, 0.9, 1.0), width=max(2, size // 10))
        height = max(2, size // 10)
        for row, (name, turn, (low, high)) in enumerate(self._stripes, start=1):
            share = float(np.clip((latents[name] - low) / ((high - low) or 1), 0, 1))
            paint = _rgb(latents[name] / turn, 1.0, 1.0) if turn else _rgb(0.0, 0.0, share)
            draw.rectangle([0, size - row * height, size, size - (row - 1) * height - 1], fill=paint)
        for row, name in enumerate(self._companions):
            draw.rectangle(
                [0, row * height, height, (row + 1) * height], fill=_rgb(zlib.crc32(name.encode()) / 2**32, 1.0, 1.0)
            )
        return np.asarray(image)

    def geometry(self, latents: Mapping[str, float]) -> Geometry:
        """Return a ball of radius 0.4 at the origin in front of a wall one unit behind, seen from far along y.

        The companions are flat squares in the upper left corner, one below the other, with the ball's vertices.

        The intrinsics are exact for points at y = 0; the vertices are the ball's ends along the object's axes.
        """
        x, z = np.meshgrid(*[(np.arange(self._size) + 0.5) / self._size - 0.5] * 2)
        y = np.sqrt(np.maximum(0.16 - x**2 - z**2, 0.0))
        ball = y > 0
        position = np.stack([-x, np.where(ball, y, -1.0), -z], axis=-1)
        vertices, step = 0.4 * np.concatenate([np.eye(3), -np.eye(3)]), max(2, self._size // 8)
        squares = np.zeros((len(self._companions), self._size, self._size), bool)
        for number, square in enumerate(squares):
            square[number * step : (number + 1) * step, :step] = True
        ball &= ~squares.any(0)
        to_object = np.eye(4)
        to_object[:3, :3] = pose([latents[f"rot_{axis}"] for axis in "xyz"]).as_matrix().T
        return Geometry(
            position=position,
            normal=np.where(ball[..., None], position / 0.4, [0.0, 1.0, 0.0]),
            hit=np.ones_like(ball),
            object=ball,
            to_object=to_object,
            eye=np.array([0.0, 2.5, 0.0]),
            forward=np.array([0.0, -1.0, 0.0]),
            world_to_camera=np.array([[-1.0, 0, 0, 0], [0, 0, -1, 0], [0, -1, 0, 2.5], [0, 0, 0, 1]]),
            intrinsics=np.diag([self._size, self._size, 1.0]) @ [[2.5, 0.0, 0.5], [0.0, 2.5, 0.5], [0.0, 0.0, 1.0]],
            vertices=vertices,
            companions=tuple(Body(square, np.eye(4), vertices) for square in squares),
        )

    def covers(self, latents: Mapping[str, float]) -> bool:
        return True


def _sha256(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def _rgb(hue: float, saturation: float, value: float) -> tuple[int, int, int]:
    r, g, b = (round(255 * channel) for channel in colorsys.hsv_to_rgb(hue % 1, saturation, value))
    return r, g, b
