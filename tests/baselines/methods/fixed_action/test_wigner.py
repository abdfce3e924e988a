"""The Wigner method's loss equals a restatement in float64; exact latents have no loss and give the rotation."""

import numpy as np
import pytest
import torch
from contrast import one_by_one
from scipy.spatial.transform import Rotation
from torch import Tensor
from turning import SIZES, restated_matrix, world

from iebench.baselines.action import ROTATION, view
from iebench.baselines.methods.fixed_action.wigner import Wigner, WignerSettings
from iebench.baselines.networks.encoder import Encoder, EncoderSettings
from iebench.baselines.networks.wigner import wigner

DEGREES, CHANNELS = 2, 4


@pytest.fixture(scope="module")
def method() -> Wigner:
    torch.manual_seed(0)
    return Wigner(Encoder(EncoderSettings(0.125, "small")), WignerSettings((12,), DEGREES, CHANNELS)).double()


def data(views: int, batch: int = 6) -> tuple[Tensor, dict[str, Tensor]]:
    torch.manual_seed(views)
    values = torch.rand(3, batch, views, dtype=torch.float64) * np.pi - np.pi / 2
    return torch.rand(batch, views, 3, 32, 32, dtype=torch.float64), dict(zip(ROTATION, values, strict=True))


@pytest.mark.parametrize("views", [2, 3])
def test_the_loss_equals_its_restatement(method: Wigner, views: int) -> None:
    images, latents = data(views)
    ours = {name: float(term.detach()) for name, term in method.loss(images, latents).items()}
    with torch.no_grad():
        z = one_by_one(images, method.encoder, method.latent_head).numpy().reshape(6, views, CHANNELS, 9)
    poses, terms = world(latents), dict.fromkeys(("invariance", "equivariance", "variance", "covariance"), 0.0)
    for k in range(views):
        matrix = np.cov(z[:, k].reshape(6, -1).T)
        terms["variance"] += 0.5 * np.maximum(0, 1 - np.sqrt(np.diag(matrix) + 1e-4)).mean()
        terms["covariance"] += (matrix[~np.eye(CHANNELS * 9, dtype=bool)] ** 2).sum() / (CHANNELS * 9)
    for k in range(views - 1):
        moved = [a @ restated_matrix(r[k].T @ r[k + 1]) for a, r in zip(z[:, k], poses, strict=True)]
        terms["equivariance"] += ((np.stack(moved) - z[:, k + 1]) ** 2).mean()
        lengths = [np.add.reduceat(z[:, v] ** 2, [0, 1, 4], axis=2) ** 0.5 for v in (k, k + 1)]
        terms["invariance"] += ((lengths[0] - lengths[1]) ** 2).mean()
    loss = 10 * terms["invariance"] + 4.5 * terms["equivariance"] + 10 * terms["variance"] + terms["covariance"]
    assert ours == pytest.approx({"loss": loss, **terms}, rel=1e-9)


def test_exact_latents_are_predicted_have_constant_lengths_and_give_the_rotation(method: Wigner) -> None:
    """Latents c D(G R) of a constant c of each object, with one unknown rotation G."""
    _, latents = data(3, batch=5)
    torch.manual_seed(1)
    constant, frame = torch.randn(5, CHANNELS, 9, dtype=torch.float64), Rotation.random(random_state=2)
    exact = []
    for k in range(3):
        turns = torch.from_numpy((frame * Rotation.from_matrix(world(latents)[:, k])).as_quat())
        blocks = zip(constant.split(SIZES, 2), range(3), strict=True)
        exact.append(torch.cat([c @ wigner(degree, turns) for c, degree in blocks], dim=2).flatten(1))
    source, target = (view(latents, k) for k in (0, 1))
    torch.testing.assert_close(method.predict(exact[0], source, target), exact[1], rtol=0, atol=1e-10)
    torch.testing.assert_close(method.invariant(exact[0]), method.invariant(exact[1]), rtol=0, atol=1e-10)
    between = method.rotation(exact[0], exact[1]).numpy()
    poses = world(latents)
    np.testing.assert_allclose(between, poses[:, 0].swapaxes(1, 2) @ poses[:, 1], atol=1e-9)
    several = {name: values[:, 1:].flatten() for name, values in latents.items()}  # two targets for each source
    together = method.predict(exact[0], {n: v.repeat_interleave(2) for n, v in source.items()}, several)
    torch.testing.assert_close(together, torch.stack(exact[1:], 1).flatten(0, 1), rtol=0, atol=1e-10)


def test_the_lengths_of_every_degree_are_scored_beside_the_representation(method: Wigner) -> None:
    images, _ = data(2)
    method.eval()
    with torch.no_grad():
        features = method.features(images[:, 0])
        z = one_by_one(images, method.encoder, method.latent_head)[:, 0].reshape(6, CHANNELS, 9)
        latent = method.embed(features)
    method.train()
    lengths = [(part**2).sum(2) ** 0.5 for part in z.split(SIZES, 2)]
    assert method.parts == {"lengths": slice(method.dim, method.dim + 3 * CHANNELS)} and method.beside == 3 * CHANNELS
    torch.testing.assert_close(features[:, method.dim :], torch.cat(lengths, dim=1), rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(latent, z.flatten(1), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [({"degrees": 0}, "degree 0 does not move with the pose"), ({"channels": 0}, "channels must be at least 1, not 0")],
)
def test_settings_without_a_pose_or_a_vector_are_refused(settings: dict[str, int], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        WignerSettings(**settings)
