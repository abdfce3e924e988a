"""Makes the images of the recipe factors/floor-image: four seamless textures, 256 x 256 pixels, from seed 0."""

import helping  # noqa: F401  makes the next ones importable
import numpy as np
from paths import ROOT
from PIL import Image

SIZE = 256
FOLDER = ROOT / "manifests" / "recipes" / "factors" / "floor-images"
ACROSS, DOWN = np.meshgrid(np.arange(SIZE) / SIZE, np.arange(SIZE) / SIZE)


def noise(rng, wide, high, slope=1.0):
    """Return seamless noise of mean 0 and deviation 1 whose detail is about 1 / wide across and 1 / high down."""
    across, down = np.meshgrid(np.fft.fftfreq(SIZE, 1 / SIZE), np.fft.fftfreq(SIZE, 1 / SIZE))
    spectrum = np.exp(-((np.hypot(across / wide, down / high)) ** slope))
    values = np.fft.ifft2(np.fft.fft2(rng.standard_normal((SIZE, SIZE))) * spectrum).real
    return (values - values.mean()) / values.std()


def joints(position, width):
    """Return 1 within `width` of whole numbers, else 0."""
    return (np.abs(position - np.round(position)) < width).astype(float)


def planks(rng):
    rows, shift = 4, np.array([0.0, 0.4, 0.15, 0.65])
    row = (DOWN * rows).astype(int)
    along = 2 * (ACROSS + shift[row])
    board = (along.astype(int) % 2) + 2 * row
    tone = rng.uniform(0.75, 1.0, 8)[board] + 0.06 * noise(rng, 2, 60)
    gap = np.maximum(joints(DOWN * rows, 0.035), joints(along, 0.01))
    return (tone * (1 - 0.6 * gap))[..., None] * [0.86, 0.66, 0.45]


def tiles(rng):
    tile = (ACROSS * 2).astype(int) + 2 * (DOWN * 2).astype(int)
    light = np.array([0.95, 0.45, 0.45, 0.95])[tile] + 0.03 * noise(rng, 8, 8)
    gap = np.maximum(joints(ACROSS * 2, 0.02), joints(DOWN * 2, 0.02))
    return np.where(gap, 0.7, light)[..., None] * [0.95, 0.97, 1.0]


def gravel(rng):
    points, color = rng.random((160, 2)), rng.uniform(0.5, 1.0, 160)
    offset = np.abs(np.stack([ACROSS, DOWN], -1)[..., None, :] - points)
    distance = np.sort(np.hypot(*np.moveaxis(np.minimum(offset, 1 - offset), -1, 0)), axis=-1)
    nearest = np.argmin(np.hypot(*np.moveaxis(np.minimum(offset, 1 - offset), -1, 0)), axis=-1)
    edge = np.clip((distance[..., 1] - distance[..., 0]) / 0.025, 0, 1)
    return (color[nearest] * (0.25 + 0.75 * edge))[..., None] * [0.9, 0.88, 0.84]


def carpet(rng):
    wave = np.cos(2 * np.pi * 3 * ACROSS) * np.cos(2 * np.pi * 3 * DOWN)
    light = np.where(wave > 0, 0.95, 0.55) + 0.1 * noise(rng, 50, 50)
    return light[..., None] * [0.9, 0.75, 0.7]


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for make in (carpet, gravel, planks, tiles):
        pixels = np.clip(255 * make(np.random.default_rng(0)), 0, 255).round().astype(np.uint8)
        Image.fromarray(pixels).save(FOLDER / f"{make.__name__}.jpg", quality=85)
