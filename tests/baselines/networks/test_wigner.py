"""Wigner matrices: a group homomorphism, orthogonal, and equal to what rotated spherical harmonics give."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from iebench.baselines.networks.wigner import AXES, generator, wigner

FIRST, SECOND = (Rotation.random(40, random_state=seed) for seed in (0, 1))
STILL = Rotation.from_quat([[0, 0, 0, 1], [0, 0, 0, -1]])


def matrices(degree: int, turns: Rotation) -> NDArray[np.float64]:
    return wigner(degree, torch.from_numpy(turns.as_quat())).numpy()


@pytest.mark.parametrize("degree", range(9))
def test_matrices_of_a_product_are_the_product_of_the_matrices(degree: int) -> None:
    first, second, both = (matrices(degree, turns) for turns in (FIRST, SECOND, FIRST * SECOND))
    assert np.abs(first @ second - both).max() < 1e-12
    identities = np.broadcast_to(np.eye(2 * degree + 1), first.shape)
    np.testing.assert_allclose(first @ first.swapaxes(1, 2), identities, atol=1e-12)
    np.testing.assert_allclose(matrices(degree, FIRST.inv()), first.swapaxes(1, 2), atol=1e-12)


@pytest.mark.parametrize("degree", range(9))
def test_special_angles_are_no_special_cases(degree: int) -> None:
    np.testing.assert_allclose(matrices(degree, STILL), np.eye(2 * degree + 1)[None].repeat(2, 0), atol=1e-12)
    for axis in np.eye(3):  # about z both Euler angles turn about one axis; half turns have w = 0
        turns = [Rotation.from_rotvec([angle * axis]) for angle in (np.pi, np.pi / 2, -np.pi / 2)]
        half, quarter, back = (matrices(degree, turn)[0] for turn in turns)
        np.testing.assert_allclose(quarter @ quarter, half, atol=1e-12)
        np.testing.assert_allclose(quarter @ back, np.eye(2 * degree + 1), atol=1e-12)


def test_degree_one_is_the_rotation_itself() -> None:
    np.testing.assert_allclose(matrices(1, FIRST)[:, AXES][:, :, AXES], FIRST.as_matrix(), atol=1e-12)


@pytest.mark.parametrize("degree", [0, 1, 2])
def test_matrices_move_the_harmonics(degree: int) -> None:
    """Y(R x) = D(R) Y(x), with harmonics up to degree 2 written out."""
    points = np.random.default_rng(0).normal(size=(7, 3))
    points /= np.linalg.norm(points, axis=1, keepdims=True)

    def harmonics(v: NDArray[np.float64]) -> NDArray[np.float64]:
        x, y, z = v.T
        third = np.sqrt(3)
        written = {0: [np.ones_like(x)], 1: [y, z, x]}
        written[2] = [third * x * y, third * y * z, (3 * z * z - 1) / 2, third * x * z, third * (x * x - y * y) / 2]
        return np.stack(written[degree])

    for turn, matrix in zip(FIRST, matrices(degree, FIRST), strict=True):
        np.testing.assert_allclose(harmonics(turn.apply(points)), matrix @ harmonics(points), atol=1e-12)


@pytest.mark.parametrize("degree", [1, 2, 5])
def test_the_generator_is_the_derivative_about_x(degree: int) -> None:
    steps = Rotation.from_rotvec([[1e-6, 0, 0], [-1e-6, 0, 0]])
    plus, minus = matrices(degree, steps)
    np.testing.assert_allclose(generator(degree).numpy(), (plus - minus) / 2e-6, atol=1e-8)
