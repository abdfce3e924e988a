"""SEN and EquiMod: losses against float64 implementations that build every matrix, and their claimed properties."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from contrast import one_by_one, restated_actions, restated_nt_xent, restated_prediction
from torch import Tensor

from iebench.baselines.action import ROTATION, columns
from iebench.baselines.method import find
from iebench.baselines.methods.equimod import EquiMod, EquiModSettings
from iebench.baselines.methods.sen import SEN, SENSettings
from iebench.baselines.networks.encoder import Encoder, EncoderSettings
from iebench.baselines.networks.predictor import Kind

TAU, F = 0.3, 0.7


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    torch.manual_seed(0)
    return Encoder(EncoderSettings(0.125, "small"))


@pytest.fixture(scope="module")
def sen(encoder: Encoder) -> SEN:
    return SEN(encoder, SENSettings((12, 10), TAU)).double()


@pytest.fixture(scope="module")
def equimod(encoder: Encoder) -> EquiMod:
    return EquiMod(encoder, EquiModSettings((12, 10), TAU, equivariance=F)).double()


def data(views: int) -> tuple[Tensor, dict[str, Tensor]]:
    torch.manual_seed(views)
    names = columns("rotation-colour")
    values = torch.rand(len(names), 6, views, dtype=torch.float64) * np.pi - np.pi / 2
    return torch.rand(6, views, 3, 32, 32, dtype=torch.float64), dict(zip(names, values, strict=True))


def predicted(method: SEN | EquiMod, embedding: np.ndarray, latents: dict[str, Tensor], view: int) -> np.ndarray:
    """Return W(a) e with the matrices built explicitly, for actions of 4 or 6 numbers."""
    actions = restated_actions(latents, view, colour=method.settings.action == "rotation-colour")
    weight = method.predictor.weight.detach().numpy()
    assert len(weight) == actions.shape[1]
    return np.stack([np.tensordot(row, weight, 1) @ e for row, e in zip(actions, embedding, strict=True)])


def equivariant_contrast(method: SEN | EquiMod, images: Tensor, latents: dict[str, Tensor]) -> float:
    stage = getattr(method.settings, "equivariant_layer", None)

    def branch(view: Tensor) -> Tensor:
        return method.encoder(view) if stage is None else method.encoder.with_maps(view, (stage,))[1].mean((2, 3))

    with torch.no_grad():
        e = one_by_one(images, branch, method.equivariant_projector).numpy()
    return sum(
        restated_nt_xent(predicted(method, e[:, k], latents, k), e[:, k + 1], method.settings.temperature)
        for k in range(images.shape[1] - 1)
    )


@pytest.mark.parametrize("views", [2, 3])
@pytest.mark.parametrize("name", ["sen", "sen-rotation-colour"])
def test_sen_contrasts_the_prediction_only(name: str, encoder: Encoder, views: int) -> None:
    sen = SEN(encoder, replace(find(name).defaults(), projector=(12, 10), temperature=TAU)).double()
    assert sen.predictor.weight.shape == (6 if "colour" in name else 4, 10, 10)
    images, latents = data(views)
    assert float(sen.loss(images, latents)["loss"].detach()) == pytest.approx(
        equivariant_contrast(sen, images, latents), rel=1e-9
    )


@pytest.mark.parametrize("views", [2, 3])
@pytest.mark.parametrize(
    ("name", "weight"), [("equimod", 4.5), ("equimod-rotation-colour", 1.0), ("equimod-layer3", 4.5)]
)
def test_equimod_adds_both_contrasts(name: str, weight: float, encoder: Encoder, views: int) -> None:
    equimod = EquiMod(encoder, replace(find(name).defaults(), projector=(12, 10), temperature=TAU)).double()
    assert equimod.predictor.weight.shape == (6 if "colour" in name else 4, 10, 10)
    images, latents = data(views)
    with torch.no_grad():
        i = one_by_one(images, equimod.encoder, equimod.invariant_projector).numpy()
    invariance = sum(restated_nt_xent(i[:, k], i[:, k + 1], TAU) for k in range(views - 1))
    equivariance = equivariant_contrast(equimod, images, latents)
    ours = {name: float(term.detach()) for name, term in equimod.loss(images, latents).items()}
    expected = {"loss": invariance + weight * equivariance, "invariance": invariance, "equivariance": equivariance}
    assert ours == pytest.approx(expected, rel=1e-9)


def test_the_matrices_written_out_are_those_of_the_other_restatement(sen: SEN) -> None:
    _, latents = data(2)
    embedding = np.random.default_rng(0).normal(size=(6, 10))
    expected = restated_prediction(sen.predictor.weight, embedding, latents, 0)
    np.testing.assert_allclose(predicted(sen, embedding, latents, 0), expected)


@pytest.mark.parametrize("views", [2, 3])
def test_equimod_with_vicregs_loss_restates_both_branches(encoder: Encoder, views: int) -> None:
    method = EquiMod(encoder, EquiModSettings((12, 10), base="vicreg", equivariance=F)).double()
    images, latents = data(views)
    with torch.no_grad():
        h = one_by_one(images, method.encoder)
        i, e = (one_by_one(h, head).numpy() for head in (method.invariant_projector, method.equivariant_projector))
    p = [restated_prediction(method.predictor.weight, e[:, k], latents, k) for k in range(views - 1)]

    def branch(pairs: list[tuple[np.ndarray, np.ndarray]], embedding: np.ndarray) -> float:
        loss = 10 * sum(((x - y) ** 2).mean() for x, y in pairs)
        for k in range(views):
            matrix = np.cov(embedding[:, k].T)
            loss += 10 * 0.5 * np.maximum(0, 1 - np.sqrt(np.diag(matrix) + 1e-4)).mean()
            loss += (matrix[~np.eye(10, dtype=bool)] ** 2).sum() / 10
        return float(loss)

    invariance = branch([(i[:, k], i[:, k + 1]) for k in range(views - 1)], i)
    equivariance = branch([(p[k], e[:, k + 1]) for k in range(views - 1)], e)
    ours = {name: float(term.detach()) for name, term in method.loss(images, latents).items()}
    expected = {"loss": invariance + F * equivariance, "invariance": invariance, "equivariance": equivariance}
    assert ours == pytest.approx(expected, rel=1e-9)


def test_the_prediction_depends_on_the_rotation_and_not_on_the_poses(sen: SEN) -> None:
    embedding = torch.rand(1, 10, dtype=torch.float64)
    poses = [{"rot_x": torch.tensor([x]), "rot_y": torch.zeros(1), "rot_z": torch.zeros(1)} for x in (0.0, 0.4, 0.8)]
    first, second = sen.predict(embedding, poses[0], poses[1]), sen.predict(embedding, poses[1], poses[2])
    torch.testing.assert_close(first, second, rtol=1e-6, atol=1e-6)
    assert not torch.allclose(first, sen.predict(embedding, poses[0], poses[2]))


@pytest.mark.parametrize("kind", ["linear", "deep", "mlp"])
def test_several_questions_about_a_view_are_answered_as_one_by_one(encoder: Encoder, kind: Kind) -> None:
    method = SEN(encoder, SENSettings((12, 10), TAU, predictor=kind)).double()
    embedding, angles = torch.rand(2, 10, dtype=torch.float64), torch.rand(2, 3, 6, dtype=torch.float64)
    source, target = (dict(zip(ROTATION, a, strict=True)) for a in angles)
    together = method.predict(embedding, source, target)
    torch.testing.assert_close(together, method.predict(embedding.repeat_interleave(3, dim=0), source, target))


def test_both_have_a_predictor_on_the_whole_representation(sen: SEN, equimod: EquiMod) -> None:
    for method in (sen, equimod):
        assert method.has_predictor and method.latents == ROTATION and method.parts == {}
        assert method.embed(torch.rand(4, method.dim, dtype=torch.float64)).shape == (4, 10)
