"""Harmonics agree with scipy's Legendre functions, and maps lie on the sphere as the camera sees it."""

import math

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation
from scipy.special import lpmv

from iebench.baselines.networks.wigner import wigner
from iebench.benchmark.poses.sphere import FULL, RADIUS, harmonics, projection
from iebench.manifests.recipe import load

Array = NDArray[np.float64]
CAMERA = load("3diebench").scene.camera
RIGHT, UP = np.array([-1.0, 0.0, 0.0]), np.array([0.0, -1.0, 1.0]) / math.sqrt(2)  # of a picture, in the world
TOWARDS = np.array([0.0, 1.0, 1.0]) / math.sqrt(2)


def directions(count: int, seed: int = 0) -> Array:
    vectors = np.random.default_rng(seed).normal(size=(count, 3))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.concatenate([vectors, np.eye(3), -np.eye(3)])


def by_legendre(vectors: Array, degree: int) -> Array:
    """Return real harmonics by their textbook formula: sines by falling m, m = 0, cosines by rising m."""
    azimuth, columns = np.arctan2(vectors[:, 1], vectors[:, 0]), []
    for n in range(degree + 1):
        for m in range(-n, n + 1):
            k = abs(m)
            scale = math.sqrt((2 * n + 1) / (4 * math.pi) * math.factorial(n - k) / math.factorial(n + k))
            wave = 1.0 if not m else math.sqrt(2) * (np.sin(k * azimuth) if m < 0 else np.cos(k * azimuth))
            columns.append((-1) ** k * scale * lpmv(k, n, vectors[:, 2]) * wave)
    return np.stack(columns, axis=1)


def test_harmonics_agree_with_legendre_functions() -> None:
    vectors = directions(50)
    np.testing.assert_allclose(harmonics(vectors, 6).numpy(), by_legendre(vectors, 6), atol=1e-12)


def test_harmonics_turn_by_wigner_matrices() -> None:
    vectors, turn = directions(20), Rotation.random(rng=np.random.default_rng(1))
    matrices = [wigner(n, torch.from_numpy(turn.as_quat()[None]))[0] for n in range(5)]
    turned = harmonics(vectors, 4) @ torch.block_diag(*matrices).T
    torch.testing.assert_close(harmonics(turn.apply(vectors), 4), turned)


def positions(side: int) -> tuple[Array, Array]:
    """Return the place of each cell of a map, right and up, in radii of the sphere: (side^2,) each."""
    centres = (2 * np.arange(side) + 1) / side - 1
    reach = RADIUS / (CAMERA.radius * math.tan(CAMERA.field_of_view / 2))
    rows, columns = np.meshgrid(-centres / reach, centres / reach, indexing="ij")
    return columns.ravel(), rows.ravel()


def texture(right: Array, up: Array) -> Array:
    values: Array = 1 + right * up - 0.5 * up**2 + 0.3 * right
    return values


def test_coefficients_are_integrals_over_the_half_that_the_camera_sees() -> None:
    """A slow sum over rings about the camera's direction, of equal widths of the polar angle."""
    polar, turn = (
        grid.ravel() for grid in np.meshgrid((np.arange(90) + 0.5) * np.pi / 180, np.arange(90) * np.pi / 45)
    )
    right, up = np.sin(polar) * np.cos(turn), np.sin(polar) * np.sin(turn)
    points = right[:, None] * RIGHT + up[:, None] * UP + np.cos(polar)[:, None] * TOWARDS
    window = np.clip((90 - np.degrees(polar)) / (90 - FULL), 0, 1)
    areas = np.sin(polar) * (np.pi / 180) * (np.pi / 45)
    slow = (areas * window * texture(right, up)) @ by_legendre(points, 6)
    ours = projection(CAMERA, 32, 32, 6).numpy() @ texture(*positions(32))
    np.testing.assert_allclose(ours, slow, atol=0.01)
    assert np.abs(slow).max() > 1


@pytest.mark.parametrize(("side", "axis"), [("right", RIGHT), ("up", UP)])
def test_a_bright_half_of_a_map_points_where_the_camera_sees_it(side: str, axis: Array) -> None:
    right, up = positions(8)
    bright = (right if side == "right" else up) > 0
    y, z, x = (projection(CAMERA, 8, 8, 1).numpy() @ np.where(bright, 1.0, -1.0))[1:]
    direction = np.array([x, y, z])
    assert direction / np.linalg.norm(direction) == pytest.approx(axis, abs=0.02)


def test_a_map_of_one_value_points_towards_the_camera() -> None:
    y, z, x = (projection(CAMERA, 2, 2, 1).numpy() @ np.ones(4))[1:]
    assert np.array([x, y, z]) / np.linalg.norm([x, y, z]) == pytest.approx(TOWARDS, abs=0.02)
