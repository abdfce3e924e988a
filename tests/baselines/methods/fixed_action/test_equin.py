"""EquIN's loss equals a loop in float64; exact poses have no loss and give the rotation without a probe."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from contrast import one_by_one, restated_nt_xent
from scipy.spatial.transform import Rotation
from torch import Tensor

from iebench.baselines.action import ROTATION, rotation_between, view
from iebench.baselines.methods.fixed_action.equin import EquIN, EquINSettings, apart, chamfer
from iebench.baselines.networks.encoder import Encoder, EncoderSettings

SMALL = EquINSettings((12, 10), hidden=(9,), temperature=0.3, equivariance=0.7)


def method_of(poses: int, spread: float = 0.0) -> EquIN:
    torch.manual_seed(0)
    return EquIN(Encoder(EncoderSettings(0.125, "small")), replace(SMALL, poses=poses, spread=spread)).double()


def data(views: int, batch: int = 6) -> tuple[Tensor, dict[str, Tensor]]:
    torch.manual_seed(views)
    values = torch.rand(3, batch, views, dtype=torch.float64) * np.pi - np.pi / 2
    return torch.rand(batch, views, 3, 32, 32, dtype=torch.float64), dict(zip(ROTATION, values, strict=True))


def turned(latents: dict[str, Tensor]) -> np.ndarray:
    """Return the poses of all views as matrices: (B, K, 3, 3)."""
    angles = np.stack([latents[name].numpy() for name in ROTATION], -1)
    return Rotation.from_euler("xyz", angles.reshape(-1, 3)).as_matrix().reshape(*angles.shape, 3)


def orthonormal(numbers: np.ndarray) -> np.ndarray:
    """Return the rotation with these two columns after Gram and Schmidt: (6,) -> (3, 3)."""
    x = numbers[:3] / np.linalg.norm(numbers[:3])
    y = numbers[3:] - (x @ numbers[3:]) * x
    y /= np.linalg.norm(y)
    return np.stack([x, y, np.cross(x, y)], axis=1)


@pytest.mark.parametrize(("views", "poses", "spread"), [(2, 1, 0.0), (3, 1, 0.0), (2, 3, 0.2), (3, 2, 0.0)])
def test_the_loss_equals_its_restatement(views: int, poses: int, spread: float) -> None:
    method = method_of(poses, spread)
    images, latents = data(views)
    ours = {name: float(term.detach()) for name, term in method.loss(images, latents).items()}
    with torch.no_grad():
        h = one_by_one(images, method.encoder)
        e, six = one_by_one(h, method.invariant_projector).numpy(), one_by_one(h, method.pose_head).numpy()
    heads = [[[orthonormal(n) for n in v.reshape(poses, 6)] for v in row] for row in six]  # of object, view, candidate
    world, contrast, sets, spreads = turned(latents), 0.0, 0.0, 0.0
    for k in range(views - 1):
        contrast += restated_nt_xent(e[:, k], e[:, k + 1], 0.3)
        for i in range(6):
            between = world[i, k].T @ world[i, k + 1]
            for m in heads[i][k]:
                sets += min(((m @ between - other) ** 2).sum() for other in heads[i][k + 1]) / 6
    for k in range(views):
        spreads += np.mean([((m - o) ** 2).sum() for row in heads for m in row[k] for o in row[k]])
    expected = {"loss": contrast + 0.7 * sets + spread * spreads, "invariance": contrast, "equivariance": sets}
    assert ours == pytest.approx(expected | ({"spread": spreads} if spread else {}), rel=1e-9)


@pytest.mark.parametrize("poses", [1, 4])
def test_exact_poses_in_any_frame_have_no_loss_and_give_the_rotation(poses: int) -> None:
    """Poses G R with one unknown G and, of a symmetric object, G R S in another order of the symmetries S."""
    _, latents = data(2, batch=5)
    world, frame = turned(latents), Rotation.random(random_state=1).as_matrix()
    symmetric = [Rotation.from_rotvec([0, 0, 2 * np.pi * i / poses]).as_matrix() for i in range(poses)]
    start = torch.from_numpy(np.stack([frame @ world[:, 0] for _ in symmetric], 1)).flatten(1)
    end = torch.from_numpy(np.stack([frame @ world[:, 1] @ s for s in reversed(symmetric)], 1)).flatten(1)
    source, target = (view(latents, k) for k in (0, 1))
    method = method_of(poses)
    moved = method.predict(start, source, target)
    assert float(chamfer(moved, end)) == pytest.approx(0, abs=1e-20)
    between = method.rotation(start, end).numpy()  # up to a symmetry
    error = [
        min(Rotation.from_matrix(b @ s.T @ (a[1].T @ a[0])).magnitude() for s in symmetric)
        for a, b in zip(world, between, strict=True)
    ]
    assert max(error) < 1e-7
    assert method.predict(start[:1], view(latents, 0), view(latents, 1)).shape == (5, 9 * poses)


def test_the_distance_of_rotations_is_eight_squared_sines_of_half_the_angle() -> None:
    for angle in (0.0, 0.3, np.pi):
        other = torch.from_numpy(Rotation.from_rotvec([0, angle, 0]).as_matrix()).reshape(1, 9)
        distance = apart(torch.eye(3, dtype=torch.float64).reshape(1, 9), other)
        assert float(distance) == pytest.approx(8 * np.sin(angle / 2) ** 2, abs=1e-12)


def test_the_head_gives_rotations_and_its_prediction_is_that_of_the_loss() -> None:
    method, (images, latents) = method_of(2).eval(), data(2)
    embedding = [method.embed(method.encoder(images[:, k])) for k in (0, 1)]
    turns = embedding[0].unflatten(1, (2, 3, 3)).detach()
    torch.testing.assert_close(turns @ turns.mT, torch.eye(3, dtype=torch.float64).expand(6, 2, 3, 3))
    moved = method.predict(embedding[0], view(latents, 0), view(latents, 1))
    torch.testing.assert_close(method.loss(images, latents)["equivariance"], chamfer(moved, embedding[1]))
    torch.testing.assert_close(method.act(embedding[0], rotation_between(view(latents, 0), view(latents, 1))), moved)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [({"poses": 0}, "poses must be at least 1, not 0"), ({"spread": 0.1}, "it needs poses above 1")],
)
def test_contradictions_are_refused(settings: dict[str, float], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        replace(SMALL, **settings)
