"""EquIN's loss equals a loop in float64; exact poses have no loss and give the rotation without a probe."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from contrast import one_by_one, restated_nt_xent
from scipy.spatial.transform import Rotation
from torch import Tensor
from turning import world

from iebench.baselines.action import ROTATION, turn_between, view
from iebench.baselines.methods.fixed_action.equin import EquIN, EquINSettings, chamfer, squared_distances
from iebench.baselines.networks.encoder import Encoder, EncoderSettings

SMALL = EquINSettings((12, 10), hidden=(9,), temperature=0.3, equivariance=0.7)


def method_of(poses: int, spread: float = 0.0) -> EquIN:
    torch.manual_seed(0)
    frame = "world" if poses > 1 else "object"
    own = replace(SMALL, poses=poses, spread=spread, frame=frame)
    return EquIN(Encoder(EncoderSettings(0.125, "small")), own).double()


def data(views: int, batch: int = 6) -> tuple[Tensor, dict[str, Tensor]]:
    torch.manual_seed(views)
    values = torch.rand(3, batch, views, dtype=torch.float64) * np.pi - np.pi / 2
    return torch.rand(batch, views, 3, 32, 32, dtype=torch.float64), dict(zip(ROTATION, values, strict=True))


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
    truth, contrast, sets, spreads = world(latents), 0.0, 0.0, 0.0
    for k in range(views - 1):
        contrast += restated_nt_xent(e[:, k], e[:, k + 1], 0.3)
        for i in range(6):
            for m in heads[i][k]:
                first, second = truth[i, k], truth[i, k + 1]
                moved = m @ first.T @ second if poses == 1 else second @ first.T @ m
                sets += min(((moved - other) ** 2).sum() for other in heads[i][k + 1]) / 6
    for k in range(views):
        spreads += np.mean([((m - o) ** 2).sum() for row in heads for m in row[k] for o in row[k]])
    expected = {"loss": contrast + 0.7 * sets + spread * spreads, "invariance": contrast, "equivariance": sets}
    assert ours == pytest.approx(expected | ({"spread": spreads} if spread else {}), rel=1e-9)


def test_exact_poses_in_any_frame_have_no_loss_and_give_the_rotation() -> None:
    """Poses G R with one unknown G."""
    latents = data(2, batch=5)[1]
    truth, frame = world(latents), Rotation.random(random_state=1).as_matrix()
    start, end = (torch.from_numpy(frame @ truth[:, k]).flatten(1) for k in (0, 1))
    method = method_of(1)
    moved = method.predict(start, view(latents, 0), view(latents, 1))
    assert float(chamfer(moved, end)) == pytest.approx(0, abs=1e-20)
    np.testing.assert_allclose(method.rotation(start, end), truth[:, 0].swapaxes(1, 2) @ truth[:, 1], atol=1e-9)
    assert method.predict(start[:1], view(latents, 0), view(latents, 1)).shape == (5, 9)


SYMMETRIES = {
    "one": Rotation.identity(1),
    "four about an axis": Rotation.from_rotvec([[0, 0, np.pi / 2 * i] for i in range(4)]),
    "a cuboid": Rotation.create_group("D2"),
}


def candidates(truth: np.ndarray, symmetries: Rotation, seed: int) -> Tensor:
    """Return {R S G} of poses R (B, 3, 3), in an order of its own for each object, G one unknown rotation: (B, 9 N)."""
    generator, frame = np.random.default_rng(seed), Rotation.random(random_state=1).as_matrix()
    sets = [[pose @ s @ frame for s in generator.permutation(symmetries.as_matrix())] for pose in truth]
    return torch.from_numpy(np.array(sets)).flatten(1)


@pytest.mark.parametrize("name", SYMMETRIES)
def test_candidates_of_a_symmetric_object_have_no_loss_and_give_a_rotation_that_its_pictures_allow(name: str) -> None:
    """A picture shows R S as it shows R, so the candidates are all R S; R2 R1^-1 takes each set to the other one."""
    symmetries, latents = SYMMETRIES[name], data(2, batch=5)[1]
    truth, method = world(latents), method_of(4) if len(SYMMETRIES[name]) > 1 else method_of(1)
    method.frame = "world"
    start, end = (candidates(truth[:, k], symmetries, k) for k in (0, 1))
    forth = method.predict(start, view(latents, 0), view(latents, 1))
    back = method.predict(end, view(latents, 1), view(latents, 0))
    assert float(chamfer(forth, end)) == pytest.approx(0, abs=1e-20)
    assert float(chamfer(back, start)) == pytest.approx(0, abs=1e-20)
    for turn, first, second in zip(method.rotation(start, end).numpy(), truth[:, 0], truth[:, 1], strict=True):
        allowed = [second @ s @ first.T for s in symmetries.as_matrix()]
        assert min(np.abs(turn - other).max() for other in allowed) < 1e-9


def test_the_rotation_relative_to_a_symmetric_object_takes_no_set_of_its_candidates_to_the_other() -> None:
    """R1 S R12 is not R1 R12 S, so several poses in the object's frame are refused."""
    symmetries, latents = SYMMETRIES["four about an axis"], data(2, batch=5)[1]
    truth, method = world(latents), method_of(4)
    method.frame = "object"
    sets = [torch.from_numpy(truth[:, k][:, None] @ symmetries.as_matrix()).flatten(1) for k in (0, 1)]
    assert float(chamfer(method.predict(sets[0], view(latents, 0), view(latents, 1)), sets[1])) > 0.5


def test_candidates_that_are_wrong_are_not_read() -> None:
    """One of four candidates of each view is random; the pair that takes the sets nearest to each other is not."""
    latents = data(2, batch=5)[1]
    truth, method = world(latents), method_of(4)
    noise = Rotation.random(10, random_state=3).as_matrix().reshape(2, 5, 9)
    sets = []
    for k in (0, 1):
        right = candidates(truth[:, k], SYMMETRIES["four about an axis"], 0)[:, 9:]
        sets.append(torch.cat([torch.from_numpy(noise[k]), right], dim=1))
    expected = truth[:, 1] @ truth[:, 0].swapaxes(1, 2)
    np.testing.assert_allclose(method.rotation(*sets), expected, atol=1e-9)


def test_the_distance_of_rotations_is_eight_squared_sines_of_half_the_angle() -> None:
    for angle in (0.0, 0.3, np.pi):
        other = torch.from_numpy(Rotation.from_rotvec([0, angle, 0]).as_matrix()).reshape(1, 9)
        distance = squared_distances(torch.eye(3, dtype=torch.float64).reshape(1, 9), other)
        assert float(distance) == pytest.approx(8 * np.sin(angle / 2) ** 2, abs=1e-12)


@pytest.mark.slow
def test_the_head_gives_rotations_and_its_prediction_is_that_of_the_loss() -> None:
    method, (images, latents) = method_of(2).eval(), data(2)
    embedding = [method.embed(method.encoder(images[:, k])) for k in (0, 1)]
    turns = embedding[0].unflatten(1, (2, 3, 3)).detach()
    torch.testing.assert_close(turns @ turns.mT, torch.eye(3, dtype=torch.float64).expand(6, 2, 3, 3))
    moved = method.predict(embedding[0], view(latents, 0), view(latents, 1))
    torch.testing.assert_close(method.loss(images, latents)["equivariance"], chamfer(moved, embedding[1]))
    torch.testing.assert_close(method.act(embedding[0], turn_between(view(latents, 0), view(latents, 1))), moved)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"poses": 0}, "poses must be at least 1, not 0"),
        ({"spread": 0.1}, "it needs poses above 1"),
        ({"poses": 2}, "set frame=world"),
    ],
)
def test_contradictions_are_refused(settings: dict[str, float], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        replace(SMALL, **settings)
