"""LA-SIE's loss equals a restatement in float64 with scipy's exponential; its laws hold for a group's matrices."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from contrast import one_by_one
from scipy.linalg import expm

from iebench.baselines.methods.learned_action.la_sie import LASIE, Family, LASIESettings
from iebench.baselines.networks.encoder import Encoder, EncoderSettings

SMALL = LASIESettings((12, 10), 0.25, generators=3, hidden=(9,), identity=0.3, inverse=0.7)
DIM = 16  # a quarter of 64
FAMILIES: tuple[Family, ...] = ("generators", "skew", "dense")


def method_of(family: Family = "generators", **settings: float) -> LASIE:
    torch.manual_seed(0)
    chosen = replace(SMALL, family=family, **settings)
    return LASIE(Encoder(EncoderSettings(0.125, "small")), chosen).double()


def restated_operator(method: LASIE, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    first, bias, second, last = (p.detach().numpy() for p in method.operator.coefficients.parameters())
    numbers = second @ np.maximum(first @ np.concatenate([start, end]) + bias, 0) + last
    if method.settings.family == "generators":
        generators = method.operator.weight.detach().numpy()
        turn = sum(c * (g - g.T) / 2 for c, g in zip(numbers, generators, strict=True))
        return expm(turn)
    matrix = numbers.reshape(DIM, DIM) / np.sqrt(DIM)
    return matrix if method.settings.family == "dense" else expm((matrix - matrix.T) / 2)


@pytest.mark.parametrize(
    ("family", "views", "composition"),
    [("generators", 2, 0.0), ("generators", 3, 0.4), ("skew", 2, 0.0), ("dense", 3, 0.4)],
)
def test_the_loss_equals_its_restatement(family: Family, views: int, composition: float) -> None:
    method = method_of(family, composition=composition)
    images = torch.rand(6, views, 3, 32, 32, dtype=torch.float64)
    ours = {name: float(term.detach()) for name, term in method.loss(images, {}).items()}
    with torch.no_grad():
        h = one_by_one(images, method.encoder)
        i = one_by_one(h[..., :48], method.invariant_projector).numpy()
        e = one_by_one(h[..., 48:], method.equivariant_projector).numpy()
    part, eye, whole = h[..., 48:].numpy(), np.eye(DIM), np.concatenate([i, e], axis=2)
    terms = dict.fromkeys(("invariance", "equivariance", "variance", "covariance", "identity", "inverse"), 0.0)
    if composition:
        terms["composition"] = 0.0

    def operator(b: int, k: int, other: int) -> np.ndarray:
        return restated_operator(method, part[b, k], part[b, other])

    for k in range(views):
        matrix = np.cov(whole[:, k].T)
        terms["variance"] += 0.5 * np.maximum(0, 1 - np.sqrt(np.diag(matrix) + 1e-4)).mean()
        terms["covariance"] += (matrix[~np.eye(20, dtype=bool)] ** 2).sum() / 20
        terms["identity"] += np.mean([(operator(b, k, k) - eye) ** 2 for b in range(6)])
    for k in range(views - 1):
        terms["invariance"] += ((i[:, k] - i[:, k + 1]) ** 2).mean()
        moved = [operator(b, k, k + 1) @ part[b, k] for b in range(6)]
        terms["equivariance"] += ((np.stack(moved) - part[:, k + 1]) ** 2).mean()
        round_trips = [operator(b, k + 1, k) @ operator(b, k, k + 1) for b in range(6)]
        terms["inverse"] += np.mean([(trip - eye) ** 2 for trip in round_trips])
    if composition:
        both = [operator(b, 0, 2) - operator(b, 1, 2) @ operator(b, 0, 1) for b in range(6)]  # column vectors
        terms["composition"] = np.mean([residual**2 for residual in both])
    weights = {"invariance": 10, "equivariance": 4.5, "variance": 10, "covariance": 1, "identity": 0.3, "inverse": 0.7}
    loss = sum(({**weights, "composition": composition})[name] * term for name, term in terms.items())
    assert ours == pytest.approx({"loss": loss, **terms}, rel=1e-8)


def test_matrices_of_generators_are_rotations_and_of_equal_coefficients_a_group() -> None:
    """With one generator and coefficients that are differences of an angle, all laws hold."""
    method = method_of(generators=1, composition=1.0)
    x, y = torch.randn(2, 5, DIM, dtype=torch.float64)
    matrix = method.operator(x, y).detach()
    torch.testing.assert_close(matrix @ matrix.mT, torch.eye(DIM, dtype=torch.float64).expand(5, -1, -1))
    method.operator.coefficients = torch.nn.Linear(2 * DIM, 1, bias=False).double()
    with torch.no_grad():
        method.operator.coefficients.weight.zero_()
        method.operator.coefficients.weight[0, [0, DIM]] = torch.tensor([-1.0, 1.0], dtype=torch.float64)
        terms = method.loss(torch.rand(4, 3, 3, 32, 32, dtype=torch.float64), {})
    for law in ("identity", "inverse", "composition"):
        assert float(terms[law]) == pytest.approx(0, abs=1e-20)


def test_a_dense_matrix_can_align_any_pair_and_a_rotation_cannot() -> None:
    x, y = torch.randn(2, DIM, dtype=torch.float64)
    dense = torch.outer(y, x) / (x @ x)
    torch.testing.assert_close(dense @ x, y)
    turn = method_of("skew").operator(x[None], y[None])[0]
    assert float((turn @ x).norm().detach()) == pytest.approx(float(x.norm()))


def test_the_code_gives_the_matrix_of_its_views_in_their_order() -> None:
    method, (x, y) = method_of(), torch.randn(2, 5, 64, dtype=torch.float64)
    code, part = method.code(x, y).detach(), method.parts["equivariant"]
    assert code.shape == (5, method.code_size) == (5, 3)
    generators = method.operator.weight.detach()
    turn = torch.einsum("bk,kij->bij", code, (generators - generators.mT) / 2)
    torch.testing.assert_close(torch.matrix_exp(turn), method.operator(x[:, part], y[:, part]).detach())
    assert method_of("dense").code(y, x).shape == (5, DIM * DIM)


@pytest.mark.parametrize("family", FAMILIES)
def test_every_parameter_learns_without_latents(family: Family) -> None:
    method = method_of(family)
    method.loss(torch.rand(4, 2, 3, 32, 32, dtype=torch.float64), {})["loss"].backward()
    assert [name for name, p in method.named_parameters() if p.grad is None] == []
    assert method.latents == () and not method.has_predictor


def test_contradictions_are_refused() -> None:
    with pytest.raises(ValueError, match="equivariant=1 leaves no invariant part"):
        replace(SMALL, equivariant=1.0)
    with pytest.raises(ValueError, match="generators must be at least 1, not 0"):
        replace(SMALL, generators=0)
    assert (LASIE.needs(SMALL).views, LASIE.needs(replace(SMALL, composition=1.0)).views) == (2, 3)
