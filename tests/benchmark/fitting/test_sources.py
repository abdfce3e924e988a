"""Features from the cache, and features encoded again in every epoch, give the same scores."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from scoring import SMALL, context_of, from_run, random_split, untrained_run
from torch import nn

from iebench.benchmark.encoders.prepared import prepare
from iebench.benchmark.encoders.registry import LoadedEncoder
from iebench.benchmark.errors import ScoringError
from iebench.benchmark.fitting.context import Context
from iebench.benchmark.fitting.heads import train_heads
from iebench.benchmark.fitting.sources import Anew, Cached
from iebench.benchmark.fitting.standardise import Standardiser
from iebench.benchmark.metrics import METRICS
from iebench.benchmark.probes.heads import TASKS, heads
from iebench.benchmark.protocol import load
from iebench.benchmark.scoring.splits import load_split
from iebench.benchmark.statistics.metric_info import WHOLE

pytestmark = pytest.mark.slow

CPU = torch.device("cpu")
SHORT = {name: replace(head, epochs=2, hidden=head.hidden and (16,)) for name, head in load("released").heads.items()}
RELEASED = replace(load("released"), heads=SHORT, draws=50)


@pytest.fixture(scope="module")
def context(tiny_dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Context:
    """Context of the released protocol, shortened, on a dataset with images."""
    run = untrained_run(tmp_path_factory.mktemp("runs") / "sie", tiny_dataset)
    encoder = from_run(run, None, CPU)
    train, val = (load_split(encoder, tiny_dataset, s, run, CPU, RELEASED, 0, None).split for s in ("train", "val"))
    return replace(context_of(train, val, RELEASED, tuning=0), encoder=encoder)


def test_encoding_again_in_eval_mode_gives_the_same_scores(context: Context) -> None:
    """Equal to the last printed digit; other batch compositions change the last bits of convolutions."""
    tasks = [task for name in SHORT if (task := TASKS[name](context))]
    assert len(tasks) == 3
    once, anew = train_heads(context, tasks), train_heads(context, tasks, lambda: Anew(context, drifting=False))
    for task, cached, encoded in zip(tasks, once, anew, strict=True):
        np.testing.assert_allclose(cached[WHOLE].outputs, encoded[WHOLE].outputs, atol=1e-5)
        shown = [
            {m: METRICS[m].show(v.value) for m, v in task.measure(outputs[WHOLE]).items()}
            for outputs in (cached, encoded)
        ]
        assert shown[0] == shown[1]


def test_a_drifting_encoder_is_another_one_and_the_given_one_stays(context: Context) -> None:
    assert context.encoder is not None
    before = {name: tensor.clone() for name, tensor in context.encoder.module.state_dict().items()}
    eval_values = heads(context)[WHOLE]
    drifted = heads(replace(context, protocol=replace(RELEASED, batch_norm="train")))[WHOLE]
    assert eval_values.keys() == drifted.keys()
    assert eval_values["rotation_r2_pooled"].value != drifted["rotation_r2_pooled"].value
    assert not context.encoder.module.training
    for name, tensor in context.encoder.module.state_dict().items():
        assert torch.equal(tensor, before[name])


def test_batch_norm_drifts_by_each_pass(context: Context) -> None:
    module = nn.Sequential(nn.BatchNorm2d(3, affine=False, momentum=0.5), nn.AdaptiveAvgPool2d(2), nn.Flatten())
    encoder = prepare(LoadedEncoder("bn", module), 32, CPU)
    source = Anew(replace(context, encoder=encoder, standardiser=Standardiser.nothing(12)), drifting=True)
    rows = np.array([[[0, 7], [1, 8], [13, 9]]])
    learnt = source.for_training(rows)
    assert learnt.shape == (1, 3, 2, 12)
    assert context.train.pixels is not None
    mean, expected = torch.zeros(3), []
    for view in (0, 1):  # first views in one pass, second views in the next
        images = torch.from_numpy(context.train.pixels(rows[0, :, view])).permute(0, 3, 1, 2).float() / 255
        own, variance = images.mean((0, 2, 3)), images.var((0, 2, 3), correction=0)
        normal = (images - own.view(3, 1, 1)) / (variance.view(3, 1, 1) + 1e-5).sqrt()
        expected.append(nn.functional.adaptive_avg_pool2d(normal, 2).flatten(1))
        mean = 0.5 * mean + 0.5 * own
    torch.testing.assert_close(learnt[0], torch.stack(expected, dim=1), rtol=1e-4, atol=1e-5)
    norm = source.copies[0][0]  # type: ignore[index]
    torch.testing.assert_close(norm.running_mean, mean)
    source.for_evaluation(context.val, rows[0])
    torch.testing.assert_close(norm.running_mean, mean)  # val is only encoded


def test_each_seed_drifts_alone(context: Context) -> None:
    source = Anew(replace(context, seeds=(0, 1)), drifting=True)
    source.for_training(np.array([[[0], [1], [2]], [[20], [40], [60]]]))
    features = source.for_evaluation(context.val, np.array([[0], [5]]))
    assert features.shape[:3] == (2, 2, 1) and (features[0] != features[1]).any()
    assert Cached(context).for_evaluation(context.val, np.array([[0], [5]])).shape[:3] == (1, 2, 1)


def test_features_alone_cannot_be_encoded_again() -> None:
    features = context_of(random_split(8, 4), random_split(4, 4, seed=1), replace(SMALL, batch_norm="train"))
    with pytest.raises(ScoringError, match="needs the encoder itself"):
        heads(features)
