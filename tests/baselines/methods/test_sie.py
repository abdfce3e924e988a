"""SIE's loss equals a numpy implementation in float64 that builds every predictor matrix."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
import torch
from contrast import one_by_one, restated_prediction
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation
from torch import Tensor

from iebench.baselines import variants
from iebench.baselines.action import ROTATION
from iebench.baselines.errors import SettingError
from iebench.baselines.method import find
from iebench.baselines.methods.sie import SIE, SIESettings
from iebench.baselines.networks.encoder import Encoder, EncoderSettings

Array = NDArray[np.float64]
OTHERS = ("floor_hue", "light_theta", "light_phi", "light_hue")


@pytest.fixture(scope="module")
def sie() -> SIE:
    torch.manual_seed(0)
    return SIE(Encoder(EncoderSettings(0.125, "small")), SIESettings((12, 10))).double()


def data(views: int, batch: int = 6) -> tuple[Tensor, dict[str, Tensor]]:
    torch.manual_seed(views)
    names = (*ROTATION, *OTHERS)
    values = torch.rand(len(names), batch, views, dtype=torch.float64) * np.pi - np.pi / 2
    return torch.rand(batch, views, 3, 32, 32, dtype=torch.float64), dict(zip(names, values, strict=True))


def hinge(e: Array) -> float:
    return float(0.5 * np.maximum(0, 1 - np.sqrt(e.var(axis=0, ddof=1) + 1e-4)).mean())


def redundancy(e: Array) -> float:
    matrix = np.cov(e.T)
    return float(((matrix**2).sum() - (np.diag(matrix) ** 2).sum()) / e.shape[1])


def restated(sie: SIE, images: Tensor, latents: Mapping[str, Tensor], weights: Mapping[str, float]) -> dict[str, float]:
    """Return L = s L_inv + f s L_eq + v V + v V_pred + c C, from x to y only; no L_inv without an invariant part."""
    with torch.no_grad():
        h = one_by_one(images, sie.encoder)
        half = h.shape[-1] - round(h.shape[-1] * sie.settings.equivariant)
        if sie.settings.equivariant_layer:
            half, stage = h.shape[-1], sie.settings.equivariant_layer
            maps = one_by_one(images, lambda view: sie.encoder.with_maps(view, (stage,))[1])
            h = torch.cat([h, maps.flatten(3).mean(3)], dim=-1)
        eq = one_by_one(h[..., half:], sie.equivariant_projector).numpy()
        inv = eq[..., :0]
        if half:
            inv = one_by_one(h[..., :half], sie.invariant_projector).numpy()
    angles = np.stack([latents[n].numpy() for n in ROTATION], -1)
    extra = {"rotation": [], "rotation-colour": [0, 3], "all": [0, 1, 2, 3]}[sie.settings.action]
    others = np.stack([latents[n].numpy() for n in OTHERS], -1)[..., extra]
    names = ["invariance", "equivariance", "variance", "prediction_variance", "covariance"]
    terms = dict.fromkeys(names if half else names[1:], 0.0)
    for k in range(images.shape[1]):
        whole = np.concatenate([inv[:, k], eq[:, k]], axis=1)
        terms["variance"] += hinge(whole)
        terms["covariance"] += redundancy(whole)
        if k == 0:
            continue
        first, second = (Rotation.from_euler("xyz", angles[:, v]).as_matrix() for v in (k - 1, k))
        q = Rotation.from_matrix(first.transpose(0, 2, 1) @ second).as_quat()
        q *= np.where(q[:, 3:] < 0, -1, 1)
        action = np.concatenate([q, others[:, k] - others[:, k - 1]], axis=1)
        predicted = predicted_by(sie, action, eq[:, k - 1])
        if half:
            terms["invariance"] += float(((inv[:, k - 1] - inv[:, k]) ** 2).mean())
        terms["equivariance"] += float(((predicted - eq[:, k]) ** 2).mean())
        terms["prediction_variance"] += hinge(predicted)
    return {"loss": sum(weights[name] * terms[name] for name in terms), **terms}


def predicted_by(sie: SIE, action: Array, embedding: Array) -> Array:
    """Return the predictor's expected output in numpy, with every matrix of the hypernetwork built explicitly."""
    state = [value.numpy() for value in sie.predictor.state_dict().values()]
    if sie.settings.predictor == "mlp":
        return np.concatenate([action, embedding], axis=1) @ state[0].T + state[1]
    rows = []
    for code, vector in zip(action, embedding, strict=True):
        z, x = code, vector
        for matrix in state:
            z, x = (np.maximum(matrix @ z, 0), x) if matrix.ndim == 2 else (z, np.tensordot(z, matrix, 1) @ x)
        rows.append(x)
    return np.stack(rows)


PAPER = {"invariance": 10.0, "equivariance": 4.5, "variance": 10.0, "prediction_variance": 10.0, "covariance": 1.0}
CHANGED = {"sie-no-variance": {"prediction_variance": 0.0}, "sie-only-equi": {"equivariance": 10.0}}
VARIANTS = ["sie", *(name for name in variants.load() if name.startswith("sie-"))]


@pytest.mark.parametrize("views", [2, 3])
@pytest.mark.parametrize("name", VARIANTS)
def test_the_loss_equals_its_restatement(name: str, views: int) -> None:
    torch.manual_seed(0)
    settings = replace(find(name).defaults(), projector=(12, 10))
    sie = SIE(Encoder(EncoderSettings(0.125, "small")), settings).double()
    images, latents = data(views)
    ours = {name: float(term.detach()) for name, term in sie.loss(images, latents).items()}
    expected = restated(sie, images, latents, {**PAPER, **CHANGED.get(name, {})})
    assert ours == pytest.approx(expected, rel=1e-9)
    assert ours["equivariance"] > 0 and min(ours.values()) >= 0


def test_equal_views_leave_no_equivariance_term_only_if_the_predictor_is_the_identity(sie: SIE) -> None:
    images, latents = data(1)
    images, latents = images.expand(-1, 2, -1, -1, -1), {name: value.expand(-1, 2) for name, value in latents.items()}
    assert float(sie.loss(images, latents)["equivariance"].detach()) > 1e-3
    weight = sie.predictor.weight
    before = weight.detach().clone()
    with torch.no_grad():
        weight[3] = torch.eye(10)  # W(q) of q = (0, 0, 0, 1)
        assert float(sie.loss(images, latents)["equivariance"]) == pytest.approx(0, abs=1e-20)
        weight.copy_(before)


def test_without_an_invariant_part_the_whole_representation_is_equivariant() -> None:
    sie = SIE(Encoder(EncoderSettings(0.125, "small")), SIESettings((8,), equivariant=1.0))
    assert sie.parts == {} and sie.columns == slice(0, 64) and not hasattr(sie, "invariant_projector")
    quarter = SIE(Encoder(EncoderSettings(0.125, "small")), SIESettings((8,), equivariant=0.25))
    assert quarter.parts == {"invariant": slice(0, 48), "equivariant": slice(48, 64)}


@pytest.mark.parametrize("share", [0.0, -0.5, 1.5])
def test_a_share_outside_of_the_whole_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match="equivariant must be above 0 and at most 1"):
        SIESettings(equivariant=share)


def test_a_share_that_is_no_dimension_is_refused() -> None:
    encoder = Encoder(EncoderSettings(0.125, "small"))
    with pytest.raises(SettingError, match=r"method\.equivariant=0\.001 rounds to 0 of 64 dimensions: .*=0\.016$"):
        SIE(encoder, SIESettings((8,), equivariant=0.001))
    assert SIE(encoder, SIESettings((8,), equivariant=0.016)).columns == slice(63, 64)


def test_the_halves_are_the_parts(sie: SIE) -> None:
    assert sie.parts == {"invariant": slice(0, 32), "equivariant": slice(32, 64)}
    representation = torch.rand(4, 64, dtype=torch.float64)
    other = representation.clone()
    other[:, :32] += 1
    torch.testing.assert_close(sie.embed(representation), sie.embed(other))


def test_embeddings_are_the_equivariant_half_s(sie: SIE) -> None:
    representation = torch.rand(4, 64, dtype=torch.float64)
    torch.testing.assert_close(sie.embed(representation), sie.equivariant_projector(representation[:, 32:]))


def test_a_question_is_answered_by_the_rotation_from_source_to_target(sie: SIE) -> None:
    _, latents = data(2)
    source, target = ({name: value[:, view] for name, value in latents.items()} for view in (0, 1))
    embedding = torch.rand(6, 10, dtype=torch.float64)
    expected = restated_prediction(sie.predictor.weight, embedding.numpy(), latents, 0)
    np.testing.assert_allclose(sie.predict(embedding, source, target).detach().numpy(), expected, rtol=1e-9)


def test_every_parameter_learns(sie: SIE) -> None:
    images, latents = data(2)
    sie.zero_grad()
    sie.loss(images, latents)["loss"].backward()
    without = [name for name, p in sie.named_parameters() if p.grad is None]
    assert without == []


def test_prediction_depends_on_the_relative_rotation_only(sie: SIE) -> None:
    """Turning both poses by one world rotation G leaves R1^-1 R2 unchanged."""
    rng = np.random.default_rng(3)
    poses = Rotation.from_euler("xyz", rng.uniform(-1.5, 1.5, (2, 3)))
    turned = Rotation.from_euler("xyz", [0.3, -0.4, 0.5]) * poses

    def latents(rotation: Rotation) -> dict[str, Tensor]:
        return {n: torch.tensor([a]) for n, a in zip(ROTATION, rotation.as_euler("xyz"), strict=True)}

    embedding = torch.rand(1, 10, dtype=torch.float64)
    first = sie.predict(embedding, latents(poses[0]), latents(poses[1]))
    second = sie.predict(embedding, latents(turned[0]), latents(turned[1]))
    torch.testing.assert_close(first, second)


def test_the_papers_sizes() -> None:
    settings = SIESettings()
    full = SIE(Encoder(EncoderSettings()), settings)
    assert full.dim == 512 and settings.projector == (1024, 1024, 1024)
    assert sum(p.numel() for p in full.predictor.parameters()) == 4_194_304


@pytest.mark.parametrize("widths", [(), (8, 0)])
def test_a_projector_without_width_is_refused(widths: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="projector"):
        SIESettings(widths)


def test_the_invariant_projector_may_have_widths_of_its_own() -> None:
    settings = SIESettings((12, 10), invariant_projector=(20, 30), equivariant=0.25)
    sie = SIE(Encoder(EncoderSettings(0.125, "small")), settings).double()
    assert [layer.weight.shape for layer in sie.invariant_projector if hasattr(layer, "in_features")] == [
        (20, 48), (30, 20),
    ]  # fmt: skip
    images, latents = data(2)
    assert sie.loss(images, latents)["loss"].isfinite()
    with pytest.raises(ValueError, match="equivariant=1 leaves no invariant part"):
        SIESettings((12, 10), invariant_projector=(20, 30), equivariant=1.0)
