"""EquiCaps' loss equals a restatement in float64; exact poses have no equivariance term; motions are those rendered."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation
from torch import Tensor, nn

from iebench.baselines.action import ROTATION
from iebench.baselines.methods.fixed_action.equicaps import TRANSLATION, EquiCaps, EquiCapsSettings
from iebench.baselines.networks.encoder import Encoder, EncoderSettings

SMALL = EquiCapsSettings(capsules=4, side=2)


def method_of(**settings: object) -> EquiCaps:
    torch.manual_seed(0)
    return EquiCaps(Encoder(EncoderSettings(0.125, "small")), replace(SMALL, **settings)).double()


def data(views: int, batch: int = 6) -> tuple[Tensor, dict[str, Tensor]]:
    torch.manual_seed(views)
    values = torch.rand(6, batch, views, dtype=torch.float64) * np.pi - np.pi / 2
    names = (*ROTATION, *TRANSLATION)
    return torch.rand(batch, views, 3, 32, 32, dtype=torch.float64), dict(zip(names, values, strict=True))


def restated_motion(latents: dict[str, Tensor], row: int, view: int, pose: int, translation: str) -> np.ndarray:
    """Return M of a view: R, or R with the translation in its last column, as products of 4 x 4 matrices."""
    turn, shift = np.eye(4), np.eye(4)
    turn[:3, :3] = Rotation.from_euler("xyz", [float(latents[n][row, view]) for n in ROTATION]).as_matrix()
    if translation != "none":
        shift[:3, 3] = [float(latents[n][row, view]) for n in TRANSLATION]
    return ((shift @ turn) if translation == "object" else turn @ shift)[:pose, :pose]


@pytest.mark.parametrize(
    ("views", "pose", "translation"), [(2, 3, "none"), (3, 3, "none"), (2, 4, "none"), (2, 4, "object"), (3, 4, "base")]
)
def test_the_loss_equals_its_restatement(views: int, pose: int, translation: str) -> None:
    method, (images, latents) = method_of(pose=pose, translation=translation), data(views)
    ours = {name: float(term.detach()) for name, term in method.loss(images, latents).items()}
    with torch.no_grad():
        maps = [method.encoder.with_maps(images[:, k], (4,))[1] for k in range(views)]
        caps = np.stack([method.capsule_projector(view).numpy() for view in maps], axis=1)
    a, p = caps[..., :4], caps[..., 4:].reshape(6, views, 4, pose, pose)
    terms = dict.fromkeys(("invariance", "equivariance", "variance", "covariance", "spread"), 0.0)

    def unit(poses: np.ndarray) -> np.ndarray:
        return poses / np.linalg.norm(poses, axis=(-2, -1), keepdims=True)

    for k in range(views - 1):
        moved = []
        for i in range(6):
            start, end = (restated_motion(latents, i, v, pose, translation) for v in (k, k + 1))
            moved.append(p[i, k] @ (np.linalg.inv(start) @ end))
        x, y = unit(np.stack(moved)), unit(p[:, k + 1])
        terms["invariance"] -= np.mean([(a[i, k + 1] * np.log(a[i, k])).sum() for i in range(6)])
        terms["equivariance"] += ((x - y) ** 2).mean()
        for own, poses in ((a[:, k], x), (a[:, k + 1], y)):
            side = np.concatenate([own, poses.reshape(6, -1)], axis=1)
            matrix = np.cov(side.T)
            terms["variance"] += 0.5 * np.maximum(0, 1 - np.sqrt(np.diag(matrix) + 1e-4)).mean()
            terms["covariance"] += (matrix[~np.eye(len(matrix), dtype=bool)] ** 2).sum() / len(matrix)
    for k in range(views):
        mean = a[:, k].mean(0)
        terms["spread"] += math.log(4) + (mean * np.log(mean)).sum()
    weights = {"invariance": 0.1, "equivariance": 5, "variance": 10, "covariance": 1, "spread": 1}
    expected = {"loss": sum(weights[name] * term for name, term in terms.items()), **terms}
    assert ours == pytest.approx(expected, rel=1e-8)


class Told(nn.Module):
    """A head that gives one set of capsules after the other."""

    def __init__(self, *outputs: Tensor) -> None:
        super().__init__()
        self.outputs = list(outputs)

    def forward(self, maps: Tensor) -> Tensor:
        return self.outputs.pop(0)


@pytest.mark.parametrize(("pose", "translation"), [(3, "none"), (4, "object"), (4, "base")])
def test_exact_poses_have_no_equivariance_term_and_even_activations_no_spread(pose: int, translation: str) -> None:
    """P^y = P^x M12, for any P^x of each capsule."""
    method, (images, latents) = method_of(pose=pose, translation=translation), data(2)
    start = torch.randn(6, 4, pose, pose, dtype=torch.float64)
    end = start @ method.motions(latents)[0][:, None]
    even = torch.full((6, 4), 0.25, dtype=torch.float64)
    method.capsule_projector = Told(*(torch.cat([even, view.flatten(1)], dim=1) for view in (start, 3 * end)))
    terms = method.loss(images, latents)
    assert float(terms["equivariance"]) == pytest.approx(0, abs=1e-20)
    assert float(terms["spread"]) == pytest.approx(0, abs=1e-12)
    assert float(terms["invariance"]) == pytest.approx(math.log(4))


@pytest.mark.parametrize(("pose", "translation"), [(3, "none"), (4, "object"), (4, "base")])
@pytest.mark.slow
def test_exact_poses_give_the_rotation_without_a_probe(pose: int, translation: str) -> None:
    """Also where each capsule's pose has another length in the second view, which the loss does not see."""
    method, latents = method_of(pose=pose, translation=translation), data(2)[1]
    start, motion = torch.randn(6, 4, pose, pose, dtype=torch.float64), method.motions(latents)[0]
    end = start @ motion[:, None] * torch.rand(6, 4, 1, 1, dtype=torch.float64)
    features = [torch.cat([torch.rand(6, 68), view.flatten(1)], dim=1) for view in (start, end)]  # 64 and 4 before them
    turns = method.rotation(*(method.embed(view) for view in features))
    torch.testing.assert_close(turns, motion[:, :3, :3])
    assert (method.has_predictor, method.frame) == (False, "object")


def test_no_capsule_is_no_logarithm_of_zero_and_a_pose_of_zeros_no_division_by_it() -> None:
    method, (images, latents) = method_of(), data(2)
    activations = torch.nn.functional.one_hot(torch.arange(6) % 4, 4).double()
    capsules = [
        torch.cat([side, torch.zeros(6, 36)], dim=1).requires_grad_() for side in (activations, activations.flip(1))
    ]
    method.capsule_projector = Told(*capsules)
    terms = method.loss(images, latents)
    terms["loss"].backward()
    assert all(bool(torch.isfinite(term)) for term in terms.values())
    assert all(bool(torch.isfinite(side.grad).all()) for side in capsules)


def test_contradictions_are_refused() -> None:
    with pytest.raises(ValueError, match="translation=base needs rigid motions: set pose=4"):
        replace(SMALL, translation="base")
    with pytest.raises(ValueError, match="capsules must be at least 2"):
        replace(SMALL, capsules=1)
