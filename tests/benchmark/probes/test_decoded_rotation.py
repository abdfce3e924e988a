"""The rotation read from embeddings: exact for exact poses in any frame, and left out for other methods."""

from dataclasses import replace
from typing import Literal

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation
from scoring import ANGLES, SMALL, context_of, random_split
from torch import Tensor

from iebench.baselines.method import Method
from iebench.baselines.methods.fixed_action.equin import EquIN, EquINSettings
from iebench.baselines.networks.encoder import Encoder, EncoderSettings
from iebench.benchmark.fitting.context import Split
from iebench.benchmark.metrics.rotation import DECODED
from iebench.benchmark.probes.decoded_rotation import decoded_rotation, read
from iebench.benchmark.statistics.metric_info import WHOLE
from iebench.manifests.conventions import pose

FRAME = Rotation.from_rotvec([0.3, -1.0, 0.7])


class Exact(EquIN):
    """EquIN whose features are its poses."""

    def __init__(self, frame: Literal["object", "world"] = "object") -> None:
        super().__init__(Encoder(EncoderSettings(0.125)), EquINSettings((8,), frame=frame))

    def embed(self, representation: Tensor) -> Tensor:
        return representation[:, :9]


def posed(seed: int, wrong: Rotation | None = None) -> Split:
    """Return features that are the pose in another frame, turned further by `wrong` for every second view."""
    bare = random_split(8, 6, seed=seed)
    turns = FRAME * pose(bare.columns(ANGLES, np.arange(48)))
    matrices = turns.as_matrix()
    if wrong is not None:
        matrices[1::2] = (turns * wrong).as_matrix()[1::2]
    return random_split(8, 6, matrices.reshape(48, 9).astype(np.float32), seed=seed)


def test_exact_poses_in_another_frame_give_the_rotation_without_a_probe() -> None:
    values = decoded_rotation(context_of(posed(1), posed(0), SMALL, method=Exact()))[WHOLE]
    assert values.keys() <= DECODED.keys()
    angle = values["rotation_decoded_degrees_mean"]
    assert angle.value < 0.1 and angle.floor > 20
    assert values["rotation_decoded_within_15"].value == 1


def test_a_rotation_of_the_worlds_frame_is_turned_into_the_objects_and_keeps_its_angle() -> None:
    """Poses R G of one unknown G give R2 R1^-1; every second view is turned by 40 degrees in the world."""
    bare, wrong = random_split(8, 6, seed=0), Rotation.from_rotvec([0, 0, np.radians(40)])
    turns = pose(bare.columns(ANGLES, np.arange(48)))
    for error, degrees in ((Rotation.identity(), 0.0), (wrong, 40.0)):
        shown = np.where(
            np.arange(48)[:, None, None] % 2, (error * turns * FRAME).as_matrix(), (turns * FRAME).as_matrix()
        )
        val = random_split(8, 6, shown.reshape(48, 9).astype(np.float32), seed=0)
        context = context_of(val, val, SMALL, method=Exact("world"))
        rows = val.all_pairs()[0]
        rows = rows[(rows % 2).sum(axis=1) == 1]
        entries = read(context, Exact("world"), rows).reshape(-1, 3, 3)
        first, second = (pose(val.columns(ANGLES, rows[:, k])) for k in (0, 1))
        angles = np.degrees((Rotation.from_matrix(entries).inv() * first.inv() * second).magnitude())
        np.testing.assert_allclose(angles, degrees, atol=0.1)


def test_a_wrong_turn_is_measured_in_degrees() -> None:
    val = posed(0, Rotation.from_rotvec([0, 0, np.radians(40)]))
    values = decoded_rotation(context_of(posed(1), val, SMALL, method=Exact()))[WHOLE]
    rows, objects = val.all_pairs()
    mixed = (rows % 2).sum(axis=1) == 1  # one view of the pair is turned by 40 degrees
    other = (rows % 2).sum(axis=1) == 2  # both are: the rotation between them is turned as a whole
    truth = (pose(val.columns(ANGLES, rows[:, 0])).inv() * pose(val.columns(ANGLES, rows[:, 1])))[other]
    extra = Rotation.from_rotvec([0, 0, np.radians(40)])
    angles = np.where(mixed, 40.0, 0.0)
    angles[other] = np.degrees((truth.inv() * (extra.inv() * truth * extra)).magnitude())
    expected = np.mean([angles[objects == k].mean() for k in range(8)])
    assert values["rotation_decoded_degrees_mean"].value == pytest.approx(expected, abs=0.01)


def test_blocks_of_rows_are_the_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    context = context_of(posed(1), posed(0), SMALL, method=Exact())
    rows = context.val.all_pairs()[0]
    whole = read(context, Exact(), rows)
    monkeypatch.setattr(f"{read.__module__}.block_rows", lambda width: 5)
    np.testing.assert_array_equal(read(context, Exact(), rows), whole)


@pytest.mark.parametrize("method", [None, Method(Encoder(EncoderSettings(0.125)))])
def test_other_methods_have_no_such_value(method: Method | None) -> None:
    assert decoded_rotation(context_of(posed(1), posed(0), SMALL, method=method)) == {}
    assert torch.is_grad_enabled()


def test_a_method_without_a_predictor_is_read_too() -> None:
    """Such as EquiCaps, whose capsules' poses give the rotation and whose file has no predictor."""
    context = replace(context_of(posed(1), posed(0), SMALL), network=Exact())
    assert decoded_rotation(context)[WHOLE]["rotation_decoded_degrees_mean"].value < 0.1
