"""The action on which methods are conditioned: the relative rotation of two views and the changes of hue and light."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from iebench.baselines.action import (
    DIFFERENCES,
    ROTATION,
    Action,
    between,
    columns,
    resolved,
    rotation_between,
    size,
    view,
)
from iebench.baselines.errors import SettingError
from iebench.manifests.conventions import pose
from iebench.manifests.factors import Factor
from iebench.manifests.recipe import load

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
    action_numbers = between(action, source, target)
    assert action_numbers.shape == (9, 4 + len(extra)) == (9, size(action)) and action_numbers.dtype == torch.float64
    assert torch.equal(action_numbers[:, :4], rotation_between(source, target))
    for column, index in enumerate(extra, start=4):
        assert torch.equal(action_numbers[:, column], target[ALL[index]] - source[ALL[index]])
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


def wider(**changes: object) -> tuple[Factor, ...]:
    """Factors of 3DIEBench, a circular azimuth in turns, and a scale."""
    *others, last = load().factors
    azimuth = replace(last, name="camera_azimuth", acts_on="camera.azimuth", unit="turn")
    scale = replace(last, name="object_scale", acts_on="scale.factor", unit="1", circular=False)
    return (*others, last, azimuth, replace(scale, **changes))


@pytest.mark.parametrize(
    ("action", "stored"),
    [
        ("rotation", "rotation"),
        ("rotation-colour", "rotation-colour"),
        ("all", "all"),
        ("rotation,camera_azimuth", "rotation,camera_azimuth:turn"),
        ("object_scale, rotation", "object_scale,rotation"),
        ("light_position,light_theta", "light_theta,light_phi:rad"),
        ("rot_z", "rot_z:rad"),
        ("light_phi:turn", "light_phi:rad"),
    ],
)
def test_a_list_of_groups_is_stored_as_the_factors_of_the_dataset(action: Action, stored: Action) -> None:
    assert resolved(action, wider(), "data") == stored == resolved(stored, wider(), "data")


def test_a_group_of_one_s_own_is_all_its_factors() -> None:
    assert resolved("floor_hue", wider(group="floor_hue"), "data") == "floor_hue:turn,object_scale"
    assert resolved("rotation", wider(group="rotation"), "data") == "rotation"
    assert resolved("rotation,light_hue", wider(group="rotation"), "data") == "rotation,object_scale,light_hue:turn"


def test_the_numbers_of_a_list_stand_in_its_order_and_a_circle_gives_sine_and_cosine() -> None:
    source, target = views(9)
    numbers = between("object_scale,rotation,light_phi:rad,floor_hue:turn", *(
        view | {"object_scale": view["light_theta"]} for view in (source, target)
    ))  # fmt: skip
    step = {name: target[name] - source[name] for name in ALL}
    assert torch.equal(numbers[:, 0], step["light_theta"])
    assert torch.equal(numbers[:, 1:5], rotation_between(source, target))
    expected = [step["light_phi"].sin(), step["light_phi"].cos()]
    expected += [(2 * torch.pi * step["floor_hue"]).sin(), (2 * torch.pi * step["floor_hue"]).cos()]
    torch.testing.assert_close(numbers[:, 5:], torch.stack(expected, dim=-1))
    full_turn = {**source, "floor_hue": source["floor_hue"] + 1}
    torch.testing.assert_close(between("floor_hue:turn", source, full_turn), torch.tensor([[0.0, 1.0]] * 9).double())


@pytest.mark.parametrize(
    ("action", "words"),
    [
        ("rotation,camera_azimut", r"no factor group 'camera_azimut' \(it has rotation, floor_hue, light_position, "),
        ("rotation,camera_azimut", r"did you mean camera_azimuth\?"),
        ("rotatoin", "did you mean rotation or rotation-colour"),
        ("rotation-color", "did you mean rotation-colour"),
        ("all,camera_azimuth", "no factor group 'all'"),
        ("rotation,", "no factor group ''"),
    ],
)
def test_a_group_that_the_dataset_lacks_is_named_with_those_it_has(action: Action, words: str) -> None:
    with pytest.raises(SettingError, match=f"^method.action: data has .*{words}"):
        resolved(action, wider(), "data")


@pytest.mark.parametrize("action", ["floor_hue:degrees", ":rad", "rotation,,floor_hue"])
def test_a_stored_action_that_was_edited_is_refused_in_a_sentence(action: Action) -> None:
    with pytest.raises(
        SettingError, match=r"^method\.action: '.*' is neither a factor nor, for a circular one, FACTOR:UNIT"
    ):
        size(action)
