"""Densities reach their optimum, and refined cells hold the same distribution as all of the finest cells do."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.spatial.transform import Rotation

from iebench.baselines.networks.wigner import wigner
from iebench.benchmark.poses.density import WEAK, Coordinates, Regression
from iebench.benchmark.poses.harmonics import Basis, functions
from iebench.benchmark.poses.leaves import entropy, log_likelihood, refined
from iebench.benchmark.poses.space import Range, Space
from iebench.benchmark.statistics.spectrum import Spectrum

Array = NDArray[np.float64]
UPRIGHT = Range(np.array([0.0, 0.0, -np.pi / 2]), np.array([0.0, 0.0, np.pi / 2]))
TILTED = Range(np.array([-0.6, -0.6, -0.6]), np.array([0.6, 0.6, 0.6]))


def problem(penalty: float) -> tuple[Regression, Array, NDArray[np.int64], Space, Basis]:
    """Return a regression of one angle on noisy numbers about it, with its inputs and cells."""
    generator = np.random.default_rng(0)
    angles = generator.uniform(-np.pi / 2, np.pi / 2, 60)
    inputs = np.stack([np.cos(angles), np.sin(angles)], axis=1) + 0.3 * generator.normal(size=(60, 2))
    space = Space(UPRIGHT)
    cells = space.divided.holding(2, np.stack([0 * angles, 0 * angles, angles], axis=1))
    basis, x = Basis.of(space), torch.from_numpy(inputs)
    spectrum = spectrum_of(inputs)
    volumes = torch.from_numpy(space.volumes)
    coordinates = Coordinates.of(spectrum, lambda: iter([x]), basis)
    return Regression(coordinates, torch.from_numpy(cells), basis, volumes), inputs, cells, space, basis


def spectrum_of(inputs: Array) -> Spectrum:
    """Decompose inputs (n, p)."""
    return Spectrum.of(lambda: iter([torch.from_numpy(inputs)]))


@pytest.mark.parametrize("penalty", [1e-1, 1e-3])
def test_the_search_reaches_the_optimum(penalty: float) -> None:
    """The same loss, written as the definition has it, minimised by another solver from another start."""
    regression, inputs, cells, space, basis = problem(penalty)
    fit = regression.optimum(penalty, 1e-4)
    values, centred = basis.values.double().numpy(), inputs - inputs.mean(0)

    def loss(flat: Array) -> float:
        weights = flat.reshape(3, -1)
        heights = (centred @ weights[:2] + weights[2]) @ values.T
        own = heights[np.arange(60), cells]
        penal = penalty / 2 * (weights[:2] ** 2).sum() + WEAK / 2 * (weights[2] ** 2).sum()
        return float((np.log(np.exp(heights) @ space.volumes) - own).mean() + penal)

    def flat_of(weights: torch.Tensor, intercept: torch.Tensor) -> Array:
        return torch.cat([weights, intercept[None]]).numpy().ravel()

    ours = loss(flat_of(spectrum_of(inputs).axes @ fit.weights.view(2, -1), fit.intercept))
    start = np.random.default_rng(1).normal(size=3 * values.shape[1])
    reference = minimize(loss, start, method="BFGS", options={"gtol": 1e-6, "maxiter": 5_000})
    assert ours == pytest.approx(reference.fun, abs=2e-4) and ours < loss(np.zeros_like(start)) == pytest.approx(0)
    assert fit.gradient <= 1e-4


def test_the_optimum_does_not_depend_on_the_path() -> None:
    regression, *_ = problem(1e-2)
    direct, [*_, last] = regression.optimum(1e-2, 1e-4), regression.path([1.0, 1e-1, 1e-2], 1e-4)
    torch.testing.assert_close(direct.weights, last.weights, atol=2e-2, rtol=2e-2)


def test_an_infinite_penalty_leaves_the_intercept() -> None:
    regression, *_ = problem(1.0)
    fit = regression.optimum(np.inf, 1e-4)
    assert fit.weights.abs().max() < 1e-6 < fit.intercept.abs().max()


def test_the_penalty_is_the_mean_squared_slope_of_the_log_density() -> None:
    """The slope by small turns about three axes, over uniform rotations."""
    generator = np.random.default_rng(0)
    weights = torch.from_numpy(generator.normal(size=sum((2 * n + 1) ** 2 for n in (1, 2, 3))))
    poses = Rotation.random(1_000, rng=generator)
    step = 1e-4
    slopes = []
    for axis in np.eye(3):
        ends = [functions((poses * Rotation.from_rotvec(s * step * axis)).as_quat(), 3) @ weights for s in (-1, 1)]
        slopes.append((ends[1] - ends[0]) / (2 * step))
    squared = float(torch.stack(slopes).square().sum(0).mean())
    assert squared == pytest.approx(float(weights @ weights), rel=0.1)


def test_a_range_of_one_angle_has_the_functions_of_a_circle() -> None:
    assert len(Basis.of(Space(UPRIGHT)).variances) <= 12  # cosines and sines of 1 to 6 times the angle
    assert wigner(1, torch.tensor([[0.0, 0.0, 0.0, 1.0]], dtype=torch.float64)).shape == (1, 3, 3)


@pytest.mark.parametrize("limits", [UPRIGHT, TILTED])
def test_refined_cells_hold_the_distribution_of_all_finest_cells(limits: Range) -> None:
    """A slow computation on every finest cell gives nearly the same likelihoods and entropies."""
    space = Space(limits, level=1)
    basis = Basis.of(space, degree=3)
    chosen = torch.from_numpy(np.random.default_rng(0).normal(0, 3, (3, len(basis.variances)))).float()
    levels = refined(chosen, basis, space)
    assert sum(leaves.shares.sum(1) for leaves in levels) == pytest.approx(1)
    every = np.flatnonzero(space.volume(space.finest, np.arange(space.divided.count(space.finest))))
    heights = (chosen @ basis(space.divided.centres(space.finest, every)).T).double().numpy()
    heights -= np.log(np.exp(heights).mean(1, keepdims=True))
    likeliest = heights.argmax(1)
    assert log_likelihood(levels, space, every[likeliest]) == pytest.approx(heights.max(1), abs=0.1)
    slow = -(np.exp(heights) * heights).mean(1)
    assert entropy(levels) == pytest.approx(slow, abs=0.1)
