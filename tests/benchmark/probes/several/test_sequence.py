"""Aggregates of several views: sequences are a function of the object, and exact aggregates give class and path."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation
from scoring import ANGLES, BRIEF, LINEAR, SMALL, context_of, random_split
from torch import Tensor

from iebench.baselines import action as actions
from iebench.baselines.action import ROTATION, Latents, onto
from iebench.baselines.networks.encoder import Encoder, EncoderSettings
from iebench.baselines.several_views import SequenceMethod
from iebench.benchmark.data import pairs
from iebench.benchmark.metrics.sequence import AGGREGATE
from iebench.benchmark.probes.several import sizes
from iebench.benchmark.probes.several.derived import between
from iebench.benchmark.probes.several.sequence import SEQUENCES, beside, sequence, sequenced
from iebench.benchmark.protocol import load
from iebench.benchmark.scoring.probing import run
from iebench.benchmark.statistics.metric_info import WHOLE
from iebench.manifests.conventions import pose, pose_quaternion, relative_quaternion

LONGER = {"classification": replace(LINEAR, epochs=40, lr=(1e-2,)), "pose": replace(BRIEF, epochs=40, lr=(1e-2,))}
PROTOCOL = replace(SMALL, heads=LONGER)
SYMMETRIC = {metric for metric in AGGREGATE if metric.endswith("symmetric")}  # needs the objects' symmetries


class Path(SequenceMethod):
    """The mean of `width` features beside the rotation from the first context view to the last, in nine numbers."""

    def __init__(self, conditioned: bool = True, width: int = 9) -> None:
        super().__init__(Encoder(EncoderSettings(0.125)))
        self.conditioned, self.latents = conditioned, ROTATION if conditioned else ()
        self.aggregate_size, self.condition_size = width + 9 * conditioned, 9 * conditioned

    def aggregate(self, representations: Tensor, latents: Latents) -> Tensor:
        mean = representations.mean(1)
        if not self.conditioned:
            return mean
        turn = actions.rotation_between(actions.view(latents, 0), actions.view(latents, -1))
        matrix = torch.from_numpy(Rotation.from_quat(turn.numpy()).as_matrix()).flatten(1)
        return torch.cat([mean, onto(matrix, mean.device).to(mean)], dim=1)

    def condition(self, source: Latents, target: Latents) -> Tensor | None:
        if not self.conditioned:
            return None
        turn = actions.rotation_between(source, target).numpy()
        return torch.from_numpy(Rotation.from_quat(turn).as_matrix()).flatten(1)


def test_sequences_have_distinct_views_and_depend_on_the_object_alone() -> None:
    objects = [(f"{i:08d}", "a") for i in range(400)]
    drawn = pairs.sequences(objects, 6, 3, 4, 0, "sequences")
    assert drawn.shape == (400, 4, 3) and all(len(set(row)) == 3 for row in drawn.reshape(-1, 3).tolist())
    np.testing.assert_array_equal(pairs.sequences(objects[7:9], 6, 3, 4, 0, "sequences"), drawn[7:9])
    for position in range(3):
        share = np.bincount(drawn[..., position].ravel(), minlength=6) / drawn[..., position].size
        np.testing.assert_allclose(share, 1 / 6, atol=0.03)


def test_the_pose_of_a_sequence_is_the_rotation_along_it_with_the_released_sign() -> None:
    first, second = np.random.default_rng(0).uniform(-np.pi / 2, np.pi / 2, (2, 500, 3))
    angles = between(first, second)
    quaternions = relative_quaternion(first, second, as_released=True)
    assert (quaternions[:, 3] < 0).any()
    np.testing.assert_allclose(pose_quaternion(angles, as_released=True), quaternions, atol=1e-12)
    np.testing.assert_allclose(pose(angles).as_matrix(), (pose(first).inv() * pose(second)).as_matrix(), atol=1e-12)


def test_a_sequence_is_made_of_its_views() -> None:
    split, method = random_split(5, 7, seed=3), Path()
    drawn = pairs.sequences(split.identities, 7, 4, SEQUENCES, 0, "sequences")
    made, width = sequenced(context_of(split, split), method, split, drawn), method.aggregate_size
    both = beside(split, made, drawn, width)
    [counted] = sizes.made(method, SMALL, 7)
    dim = split.features.shape[1]
    assert counted.columns == made.features.shape[1] + both.features.shape[1] + method.dim - dim
    assert counted.train == counted.val == SEQUENCES and counted.width == width + method.dim
    assert width == split.features.shape[1] + 9 and made.features.shape == (5 * SEQUENCES, width + 9)
    rows = 2 * 7 + drawn[2, 3]  # sequence 3 of object 2
    np.testing.assert_allclose(made.features[2 * SEQUENCES + 3, : width - 9], split.features[rows[:3]].mean(0), 1e-5)
    turns = pose(split.columns(ANGLES, rows))
    along = (turns[0].inv() * turns[3]).as_matrix()
    np.testing.assert_allclose(pose(made.columns(ANGLES, np.array(2 * SEQUENCES + 3))).as_matrix(), along, atol=1e-9)
    through = made.features[2 * SEQUENCES + 3, width - 9 :].reshape(2, 3, 3)
    np.testing.assert_allclose(through[0] @ through[1], along, atol=1e-5)
    last = pose(both.columns(ANGLES, np.array(2 * SEQUENCES + 3))).as_matrix()
    np.testing.assert_allclose(last, (turns[2].inv() * turns[3]).as_matrix(), atol=1e-9)
    joined = np.concatenate([made.features[2 * SEQUENCES + 3, :width], split.features[rows[3]]])
    np.testing.assert_array_equal(both.features[2 * SEQUENCES + 3], joined)
    assert made.labels[2 * SEQUENCES + 3] == split.labels[14] and made.pairs.max() < SEQUENCES


@pytest.mark.parametrize("protocol", [PROTOCOL, replace(load("converged"), draws=50)], ids=["heads", "solved"])
@pytest.mark.slow
def test_more_views_tell_the_class_better_and_the_path_is_found(protocol) -> None:
    """Features of a view are noise around the class, which the mean of several reduces."""
    generator = np.random.default_rng(0)
    splits = []
    for seed, objects in ((1, 48), (0, 40)):
        labels = np.repeat(np.arange(objects) % 4, 8)
        noisy = np.eye(4)[labels] + generator.normal(0, 1, (len(labels), 4))
        splits.append(random_split(objects, 8, noisy.astype(np.float32), seed=seed, rounds=50))
    context = replace(context_of(*splits, protocol), network=Path(width=4))
    values = sequence(context)[WHOLE]
    absent = {metric for metric in AGGREGATE if "rotation" in metric and protocol is PROTOCOL}  # it has no such head
    assert values.keys() == AGGREGATE.keys() - SYMMETRIC - absent
    top1 = [values[f"aggregate{views}_top1"] for views in (1, 3, 5)]
    assert top1[0].value + 0.1 < top1[2].value and all(t.low <= t.value <= t.high for t in top1)
    assert top1[0].floor == pytest.approx(0.25)
    for views in (1, 3, 5):
        angle = values[f"aggregate{views}_path_degrees_mean"]
        assert angle.value < angle.floor
    assert values["aggregate1_path_degrees_mean"].value < 60  # the action alone tells the path of one view
    assert {"aggregate3", "aggregate3 and action"} <= {*context.chosen, *context.regularisation}


@pytest.mark.slow
def test_the_rotation_to_the_next_view_is_told_where_aggregate_and_view_tell_it() -> None:
    """Features are poses, so that the aggregate of one view and the next view have the rotation, and noise has none."""
    splits, noises = [], []
    for seed, objects in ((1, 48), (0, 40)):
        split = random_split(objects, 8, seed=seed, rounds=50)
        matrices = pose(split.columns(ANGLES, np.arange(objects * 8))).as_matrix().reshape(-1, 9)
        splits.append(replace(split, features=matrices.astype(np.float32)))
        noises.append(random_split(objects, 8, seed=seed + 2, rounds=50).features)
    protocol = replace(SMALL, heads={"rotation": replace(BRIEF, epochs=40, lr=(1e-2,))})
    values = [
        sequence(replace(context_of(*shown, protocol), network=Path(width=shown[0].features.shape[1])))[WHOLE]
        for shown in (splits, [replace(s, features=f) for s, f in zip(splits, noises, strict=True)])
    ]
    angle, noise = (part["aggregate1_rotation_degrees_mean"] for part in values)
    assert angle.value < 0.6 * angle.floor and noise.value > 0.9 * noise.floor
    assert values[0]["aggregate1_rotation_r2_mean"].value > 0.25


def test_without_actions_there_is_a_class_and_no_path_and_other_methods_have_neither() -> None:
    context = context_of(random_split(16, 8, seed=1), random_split(8, 8), SMALL)
    assert sequence(context) == {}
    values = sequence(replace(context, network=Path(conditioned=False)))[WHOLE]
    assert {metric.partition("_")[2] for metric in values if "rotation" not in metric} == {"top1"}
    assert values.keys() == {metric for metric in AGGREGATE if "path" not in metric} - SYMMETRIC


def test_objects_with_few_views_have_short_sequences_and_a_note() -> None:
    context = replace(context_of(random_split(16, 4, seed=1), random_split(8, 4), SMALL), network=Path())
    assert {metric.partition("_")[0] for metric in sequence(context)[WHOLE]} == {"aggregate1", "aggregate3"}
    assert "aggregates of more than 3 views are not measured" in context.notes[-1]


def test_values_of_the_whole_representation_stay_as_they_are() -> None:
    plain = context_of(random_split(16, 8, seed=1), random_split(8, 8), SMALL)
    other = replace(plain, network=Path(), chosen={}, metrics={}, notes=[], regularisation={})
    values, more = run(plain)[WHOLE], run(other)[WHOLE]
    assert {metric: more[metric].value for metric in values} == {m: v.value for m, v in values.items()}
    assert more.keys() - values.keys() == AGGREGATE.keys() - SYMMETRIC and not other.metrics
