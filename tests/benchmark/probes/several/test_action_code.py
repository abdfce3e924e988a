"""The code of the action: one that is the rotation tells it, noise is at the floor, and a wrong shape is a note."""

import re
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation
from scoring import ANGLES, BRIEF, SMALL, context_of, random_split
from torch import Tensor

from iebench.baselines.networks.encoder import Encoder, EncoderSettings
from iebench.baselines.several_views import ActionCodeMethod
from iebench.benchmark.fitting.context import Context, Split
from iebench.benchmark.fitting.oracle import Prior, Symmetries
from iebench.benchmark.metrics.rotation import CODE
from iebench.benchmark.probes.several.action_code import PAIRS, action_code, coded
from iebench.benchmark.protocol import load
from iebench.benchmark.scoring.probing import run
from iebench.benchmark.statistics.metric_info import WHOLE
from iebench.manifests.conventions import pose
from iebench.manifests.laws import Uniform
from iebench.manifests.symmetry import Symmetry

HEADS = replace(SMALL, heads={"rotation": replace(BRIEF, hidden=(32,), epochs=60, lr=(1e-2,))}, val_pairs=4)
SOLVED = replace(load("converged"), draws=50)
FOUR = Symmetry("finite", Rotation.from_rotvec(np.arange(4)[:, None] * [0, 0, np.pi / 2]).as_quat())


class Coded(ActionCodeMethod):
    """Features are poses and noise; the code is R12, or the noise of both views."""

    def __init__(self, exact: bool = True) -> None:
        super().__init__(Encoder(EncoderSettings(0.125)))
        self.exact, self.code_size = exact, 9 if exact else 6

    def code(self, first: Tensor, second: Tensor) -> Tensor:
        if not self.exact:
            return torch.cat([first[:, 9:], second[:, 9:]], dim=1)
        return (first[:, :9].unflatten(1, (3, 3)).mT @ second[:, :9].unflatten(1, (3, 3))).flatten(1)


def posed(seed: int, objects: int, rounds: int) -> Split:
    bare = random_split(objects, 6, seed=seed, rounds=rounds)
    matrices = pose(bare.columns(ANGLES, np.arange(objects * 6))).as_matrix().reshape(-1, 9)
    noise = np.random.default_rng(seed + 9).normal(size=(objects * 6, 3))
    return replace(bare, features=np.concatenate([matrices, noise], axis=1).astype(np.float32))


def context_with(method: ActionCodeMethod | None, protocol=HEADS, symmetry: Symmetry | None = None) -> Context:
    val = posed(0, 12, 8)
    made = replace(context_of(posed(1, 32, 60), val, protocol), network=method)
    if symmetry is None:
        return made
    angles = np.random.default_rng(0).uniform(-np.pi / 2, np.pi / 2, (10_000, 3))
    prior = Prior((Uniform(-np.pi / 2, np.pi / 2),) * 3, pose(angles).as_matrix().mean(0))
    return replace(made, oracle=Symmetries(dict.fromkeys(val.identities, symmetry), prior))


def test_views_of_the_split_are_the_pairs_with_their_codes_and_rotations() -> None:
    context, method = context_with(None), Coded()
    rows = context.train.pairs_of(np.arange(32), PAIRS)[0]
    made = coded(context, method, context.train, rows)
    assert made.views == PAIRS and made.identities == context.train.identities
    np.testing.assert_allclose(pose(made.columns(ANGLES, np.arange(32 * PAIRS))).as_matrix().reshape(-1, 9),
                               made.features, atol=1e-6)  # fmt: skip
    np.testing.assert_array_equal(made.labels, np.repeat(np.arange(32) % 4, PAIRS))


@pytest.mark.parametrize("protocol", [HEADS, SOLVED], ids=["heads", "solved"])
def test_a_code_that_is_the_rotation_tells_it_and_noise_is_at_the_floor(protocol) -> None:
    exact = action_code(context_with(Coded(), protocol))[WHOLE]
    noise = action_code(context_with(Coded(exact=False), protocol))[WHOLE]
    assert exact.keys() == noise.keys() == CODE.keys() - {"rotation_code_degrees_symmetric"}
    r2, angle = exact["rotation_code_r2_mean"], exact["rotation_code_degrees_mean"]
    assert 0.9 < r2.low <= r2.value <= 1 and r2.floor == pytest.approx(0, abs=0.1)
    assert angle.value < 15 and angle.floor > 60 and angle.objects == 12
    assert noise["rotation_code_r2_mean"].value < 0.05
    assert noise["rotation_code_degrees_mean"].value > 0.85 * angle.floor


@pytest.mark.slow
def test_floors_and_ceilings_are_those_of_the_rotation_heads() -> None:
    """Val pairs, target and oracle are the same; the probes' train pairs differ in number."""
    values = run(context_with(Coded(), symmetry=FOUR))[WHOLE]
    r2, other = values["rotation_code_r2_mean"], values["rotation_r2_mean"]
    assert r2.ceiling == pytest.approx(other.ceiling) and r2.ceiling < 0.9
    angle, nearest = values["rotation_code_degrees_mean"], values["rotation_code_degrees_symmetric"]
    assert nearest.ceiling == 0 and nearest.value <= angle.value
    assert angle.floor == pytest.approx(values["rotation_degrees_mean"].floor, rel=0.05)


def test_other_values_and_notes_stay_as_they_are() -> None:
    plain, other = context_with(None, SMALL), context_with(Coded(), SMALL)
    values, more = run(plain)[WHOLE], run(other)[WHOLE]
    assert {metric: more[metric].value for metric in values} == {m: v.value for m, v in values.items()}
    assert more.keys() - values.keys() == CODE.keys() - {"rotation_code_degrees_symmetric"}
    assert other.notes == plain.notes and not other.metrics


class Wrong(Coded):
    """A method of another package."""

    def __init__(self, size: int, output) -> None:
        super().__init__()
        self.code_size, self.output = size, output

    def code(self, first: Tensor, second: Tensor) -> Tensor:
        return self.output(first)


@pytest.mark.parametrize(
    ("size", "output", "reason"),
    [
        (9, lambda x: x[:, :8], r"method Wrong: its code returns \(\d+, 8\): code_size is 9"),
        (9, lambda x: x[:1, :9], r"method Wrong: its code returns torch.float32 \(1, 9\): it must return floats"),
        (9, lambda x: x[:, :9].tolist(), "method Wrong: its code returns list: it must return floats"),
        (9, lambda x: x[:, :9] / 0, "method Wrong: its code returns values that are not finite"),
        (9, lambda x: x @ x, "method Wrong: its code failed"),
        (0, lambda x: x, "method Wrong: its code_size is 0, not a number from 1 to 4096"),
        (65_536, lambda x: x, "its code_size is 65536, not a number from 1 to 4096"),
    ],
)
def test_a_code_that_cannot_be_measured_is_a_note_of_one_sentence(size, output, reason) -> None:
    context = context_with(Wrong(size, output))
    assert action_code(context) == {}
    (note,) = context.notes
    assert re.match(f"rotation_code is not measured: .*{reason}", note) and "\n" not in note
    assert torch.is_grad_enabled()
