"""Densities by convolution turn with their functions, and find the rotation of a known function."""

from functools import cache

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation
from torch import Tensor

from iebench.baselines.networks.wigner import wigner
from iebench.benchmark.poses.convolution import Convolution
from iebench.benchmark.poses.density import Regression
from iebench.benchmark.poses.harmonics import Basis
from iebench.benchmark.poses.leaves import log_likelihood, refined
from iebench.benchmark.poses.space import Range, Space
from iebench.manifests.conventions import quaternion_angles

Array = NDArray[np.float64]
DEGREE, CHANNELS = 3, 4
HALF_TURN = Rotation.from_rotvec([0, 0, np.pi])


@cache
def everywhere() -> tuple[Space, Basis]:
    space = Space(Range(np.array([-np.pi, -np.pi / 2, -np.pi]), np.array([np.pi, np.pi / 2, np.pi])), level=1)
    return space, Basis.of(space, DEGREE)


def turned(functions: Tensor, turns: Rotation) -> Tensor:
    """Turn functions on the sphere (rows, C) by rotations: (n, rows, C)."""
    quaternions = torch.from_numpy(turns.as_quat())
    rows = [wigner(n, quaternions) @ functions[n**2 : (n + 1) ** 2] for n in range(DEGREE + 1)]
    return torch.cat(rows, dim=1).float()


def texture(poses: Rotation, symmetric: bool = False) -> Tensor:
    """Return random functions on the sphere in some poses; symmetric : the same after half a turn about their z."""
    drawn = torch.randn((DEGREE + 1) ** 2, CHANNELS, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return (turned(drawn, poses) + turned(drawn, poses * HALF_TURN)) / 2 if symmetric else turned(drawn, poses)


def rotations(count: int, seed: int = 0) -> Rotation:
    return Rotation.random(count, rng=np.random.default_rng(seed))


def weights() -> Tensor:
    count = CHANNELS * sum(2 * n + 1 for n in range(1, DEGREE + 1))
    return torch.randn(count, generator=torch.Generator().manual_seed(1)) / 4


def heights(functions: Tensor, poses: Rotation) -> Tensor:
    """Return log-densities over the uniform one at poses: (n, poses)."""
    _, basis = everywhere()
    log_densities = Convolution(functions, basis).coefficients(weights()) @ basis(poses.as_quat()).T
    return log_densities - (Convolution(functions, basis).coefficients(weights()) @ basis.values.T).logsumexp(
        1, keepdim=True
    )


def test_a_turn_of_the_functions_turns_the_density() -> None:
    """The density at Q R of functions turned by Q is that at R: exactly, but for the sum over cells."""
    known, poses = rotations(6), rotations(40, seed=2)
    for turn in rotations(3, seed=3):
        before, after = heights(texture(known), poses), heights(texture(turn * known), turn * poses)
        assert float((after - before).std(1).max()) < 1e-4  # constants apart
        torch.testing.assert_close(after, before, atol=0.02, rtol=0)
    assert float(before.std()) > 0.5


def test_the_log_density_is_the_product_with_turned_filters() -> None:
    """Klee et al. (2023), equation of the convolution from S2 to SO(3): sum over functions of <f, R filter>."""
    _, basis = everywhere()
    functions, poses = texture(rotations(2)), rotations(5, seed=4)
    log_densities = Convolution(functions, basis).coefficients(weights()) @ basis(poses.as_quat()).T
    filters, start = torch.zeros((DEGREE + 1) ** 2, CHANNELS, dtype=torch.float64), 0
    for n in range(1, DEGREE + 1):
        end = start + CHANNELS * (2 * n + 1)
        scale = ((2 * n + 1) / (n * (n + 1))) ** 0.5
        filters[n**2 : (n + 1) ** 2] = scale * weights()[start:end].view(CHANNELS, -1).T
        start = end
    slow = torch.stack([(functions * turned(filters, pose)).sum((1, 2)) for pose in map(single, poses)], dim=1)
    difference = log_densities - slow
    torch.testing.assert_close(difference, difference.mean(1, keepdim=True).expand(-1, 5), atol=1e-4, rtol=0)


def single(rotation: Rotation) -> Rotation:
    return Rotation.from_quat(rotation.as_quat()[None])


def test_the_slope_is_that_of_the_coefficients() -> None:
    """Both are linear: the product of coefficients with a pull is that of the weights with its slope."""
    _, basis = everywhere()
    inputs = Convolution(texture(rotations(7)), basis)
    pull = torch.randn(7, len(basis.variances), generator=torch.Generator().manual_seed(5))
    by_weights = weights() @ inputs.slope(pull, slice(None))
    assert float(by_weights) == pytest.approx(float((inputs.coefficients(weights()) * pull).sum()), rel=1e-4)
    assert len(inputs.curvature()) == len(weights()) and len(inputs) == 7


def test_the_curvature_is_that_of_a_uniform_density() -> None:
    """The second derivative of the loss without weights, by slopes of single cells."""
    _, basis = everywhere()
    functions = texture(rotations(400))
    inputs = Convolution(functions - functions.mean(0), basis)
    squares = torch.zeros(len(weights()), dtype=torch.float64)
    for cell in basis.values[::9]:
        each = torch.stack([inputs.slope(cell[None], slice(i, i + 1)) for i in range(0, 400, 40)])
        squares += each.double().square().mean(0)
    expected = squares / len(basis.values[::9])
    ratio = (inputs.curvature() / expected).log()
    assert abs(float(ratio.mean())) < 0.3


@pytest.mark.parametrize("symmetric", [False, True])
def test_the_poses_of_a_known_function_are_recovered(symmetric: bool) -> None:
    space, basis = everywhere()
    train, val = rotations(300, seed=6), rotations(16, seed=7)
    cells = torch.from_numpy(space.divided.holding(1, quaternion_angles(train.as_quat())))
    inputs = Convolution(texture(train, symmetric), basis)
    fit = Regression(inputs, cells, basis, torch.from_numpy(space.volumes)).optimum(1e-4, 1e-2)
    levels = refined(fit.coefficients(Convolution(texture(val, symmetric), basis)), basis, space)
    own, other = (
        log_likelihood(levels, space, space.holding(quaternion_angles(poses.as_quat())))
        for poses in (val, val * HALF_TURN)
    )
    assert own.mean() > 3.5 and own.min() > 1
    if symmetric:
        assert other.min() > 1 and other.mean() == pytest.approx(own.mean(), abs=1)
    else:
        assert other.max() < 0
