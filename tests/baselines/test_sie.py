"""SIE's loss against a restatement in numpy and materialised matrices, in float64."""

from collections.abc import Mapping

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation
from torch import Tensor

from iebench.baselines.encoder import Encoder, EncoderSettings
from iebench.baselines.method import ROTATION
from iebench.baselines.sie import SIE, SIESettings

Array = NDArray[np.float64]


@pytest.fixture(scope="module")
def sie() -> SIE:
    torch.manual_seed(0)
    return SIE(Encoder(EncoderSettings(0.125, "small")), SIESettings((12, 10))).double()


def data(views: int, batch: int = 6) -> tuple[Tensor, dict[str, Tensor]]:
    torch.manual_seed(views)
    angles = torch.rand(3, batch, views, dtype=torch.float64) * np.pi - np.pi / 2
    return torch.rand(batch, views, 3, 32, 32, dtype=torch.float64), dict(zip(ROTATION, angles, strict=True))


def hinge(e: Array) -> float:
    return float(0.5 * np.maximum(0, 1 - np.sqrt(e.var(axis=0, ddof=1) + 1e-4)).mean())


def redundancy(e: Array) -> float:
    matrix = np.cov(e.T)
    return float(((matrix**2).sum() - (np.diag(matrix) ** 2).sum()) / e.shape[1])


def restated(sie: SIE, images: Tensor, latents: Mapping[str, Tensor]) -> dict[str, float]:
    """L = s L_inv + f s L_eq + v V + v V_pred + c C with s = 10, f = 0.45, v = 10, c = 1, from x to y only."""
    with torch.no_grad():
        flat = sie.encoder(images.flatten(0, 1))
        half = flat.shape[1] // 2
        inv = sie.invariant_projector(flat[:, :half]).reshape(*images.shape[:2], -1).numpy()
        eq = sie.equivariant_projector(flat[:, half:]).reshape(*images.shape[:2], -1).numpy()
        weight = sie.predictor.weight.numpy()
    angles = np.stack([latents[n].numpy() for n in ROTATION], -1)
    terms = dict.fromkeys(["invariance", "equivariance", "variance", "prediction_variance", "covariance"], 0.0)
    for k in range(images.shape[1]):
        whole = np.concatenate([inv[:, k], eq[:, k]], axis=1)
        terms["variance"] += hinge(whole)
        terms["covariance"] += redundancy(whole)
        if k == 0:
            continue
        first, second = (Rotation.from_euler("xyz", angles[:, v]).as_matrix() for v in (k - 1, k))
        q = Rotation.from_matrix(first.transpose(0, 2, 1) @ second).as_quat()
        q *= np.where(q[:, 3:] < 0, -1, 1)
        predicted = np.stack([np.tensordot(q[b], weight, 1) @ eq[b, k - 1] for b in range(len(q))])
        terms["invariance"] += float(((inv[:, k - 1] - inv[:, k]) ** 2).mean())
        terms["equivariance"] += float(((predicted - eq[:, k]) ** 2).mean())
        terms["prediction_variance"] += hinge(predicted)
    weights = {"invariance": 10, "equivariance": 4.5, "variance": 10, "prediction_variance": 10, "covariance": 1}
    return {"loss": sum(weights[name] * terms[name] for name in terms), **terms}


@pytest.mark.parametrize("views", [2, 3])
def test_the_loss_equals_its_restatement(sie: SIE, views: int) -> None:
    images, latents = data(views)
    ours = {name: float(term.detach()) for name, term in sie.loss(images, latents).items()}
    assert ours == pytest.approx(restated(sie, images, latents), rel=1e-9)
    assert min(ours.values()) > 0


def test_the_halves_are_the_parts(sie: SIE) -> None:
    assert sie.parts == {"invariant": slice(0, 32), "equivariant": slice(32, 64)}
    representation = torch.rand(4, 64, dtype=torch.float64)
    other = representation.clone()
    other[:, :32] += 1
    torch.testing.assert_close(sie.embed(representation), sie.embed(other))


def test_every_parameter_learns(sie: SIE) -> None:
    images, latents = data(2)
    sie.zero_grad()
    sie.loss(images, latents)["loss"].backward()
    without = [name for name, p in sie.named_parameters() if p.grad is None]
    assert without == []


def test_prediction_depends_on_the_relative_rotation_only(sie: SIE) -> None:
    """Turning both poses by one world rotation G leaves R1^-1 R2 as it is."""
    rng = np.random.default_rng(3)
    poses = Rotation.from_euler("xyz", rng.uniform(-1.5, 1.5, (2, 3)))
    turned = Rotation.from_euler("xyz", [0.3, -0.4, 0.5]) * poses

    def latents(rotation: Rotation) -> dict[str, Tensor]:
        return {n: torch.tensor([a]) for n, a in zip(ROTATION, rotation.as_euler("xyz"), strict=True)}

    embedding = torch.rand(1, 10, dtype=torch.float64)
    one = sie.predict(embedding, latents(poses[0]), latents(poses[1]))
    two = sie.predict(embedding, latents(turned[0]), latents(turned[1]))
    torch.testing.assert_close(one, two)


def test_the_papers_sizes() -> None:
    settings = SIESettings()
    full = SIE(Encoder(EncoderSettings()), settings)
    assert full.dim == 512 and settings.projector == (1024, 1024, 1024)
    assert sum(p.numel() for p in full.predictor.parameters()) == 4_194_304


@pytest.mark.parametrize("widths", [(), (8, 0)])
def test_a_projector_without_width_is_refused(widths: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="projector"):
        SIESettings(widths)
