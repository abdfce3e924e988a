"""The action on which methods are conditioned: the relative rotation of two views and the changes of hue and light."""

import numpy as np
import pytest
import torch

from iebench.baselines.action import DIFFERENCES, ROTATION, Action, between, columns, rotation_between, size, view
from iebench.manifests.conventions import pose

ALL = ("rot_x", "rot_y", "rot_z", "floor_hue", "light_theta", "light_phi", "light_hue")


def views(count: int) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
    rng = np.random.default_rng(0)
    first, second = rng.uniform(-1.5, 1.5, (2, len(ALL), count))
    return dict(zip(ALL, torch.from_numpy(first), strict=True)), dict(zip(ALL, torch.from_numpy(second), strict=True))


@pytest.mark.parametrize(
    ("action", "extra"),
    [("rotation", []), ("rotation-colour", [3, 6]), ("all", [3, 4, 5, 6])],  # indices in the released latents
)
def test_an_action_is_the_quaternion_and_plain_differences(action: Action, extra: list[int]) -> None:
    source, target = views(9)
    found = between(action, source, target)
    assert found.shape == (9, 4 + len(extra)) == (9, size(action)) and found.dtype == torch.float64
    assert torch.equal(found[:, :4], rotation_between(source, target))
    for column, index in enumerate(extra, start=4):
        assert torch.equal(found[:, column], target[ALL[index]] - source[ALL[index]])
    assert set(columns(action)) == {*ROTATION, *(ALL[i] for i in extra)}


def test_the_rotation_leads_from_source_to_target() -> None:
    rng = np.random.default_rng(0)
    first, second = rng.uniform(-1.5, 1.5, (2, 20, 3))
    as_latents = [{n: torch.from_numpy(a[:, i].copy()) for i, n in enumerate(ROTATION)} for a in (first, second)]
    quaternions = rotation_between(*as_latents).numpy()
    assert quaternions.shape == (20, 4) and (quaternions[:, 3] >= 0).all()
    step = type(pose(first)).from_quat(quaternions)
    np.testing.assert_allclose((pose(first) * step).as_matrix(), pose(second).as_matrix(), atol=1e-12)


@pytest.mark.parametrize("action", DIFFERENCES)
def test_a_view_is_the_identity_away_from_itself(action: Action) -> None:
    source, _ = views(5)
    expected = torch.zeros(5, size(action), dtype=torch.float64)
    expected[:, 3] = 1
    torch.testing.assert_close(between(action, source, source), expected)


def test_a_view_is_a_column() -> None:
    latents = {"rot_x": torch.arange(6.0).view(3, 2)}
    assert torch.equal(view(latents, 1)["rot_x"], torch.tensor([1.0, 3.0, 5.0]))
