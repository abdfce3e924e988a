"""Read-outs in a context: each environment tells its own factors, and exact predictions rank first."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from scoring import ANGLES, BRIEF, HUES, LINEAR, SMALL, context_of, random_split
from torch import Tensor
from torch.nn.functional import normalize

from iebench.baselines.action import Latents, columns
from iebench.baselines.methods.world_model.context_ssl import ContextSSL, ContextSSLSettings
from iebench.baselines.networks.encoder import Encoder, EncoderSettings
from iebench.baselines.several_views import InContextMethod
from iebench.benchmark.fitting.context import Split
from iebench.benchmark.metrics.in_context import IN_CONTEXT, TOKENS, name
from iebench.benchmark.probes.several.in_context import VIEWS, in_context
from iebench.benchmark.protocol import load
from iebench.benchmark.statistics.metric_info import WHOLE
from iebench.manifests.conventions import pose

LONG = replace(BRIEF, epochs=25, lr=(1e-2,))
PROTOCOL = replace(
    SMALL, heads={"classification": replace(LINEAR, lr=(1e-2,)), "rotation": LONG, "colour": LONG}, circular="plain"
)
QUICK = replace(SMALL, heads={"classification": LINEAR})


class Told(InContextMethod):
    """Reads the pose in a context of rotations, the hues in one of colours, and neither without a context."""

    environments = ("rotation", "colour")

    def __init__(self) -> None:
        super().__init__(Encoder(EncoderSettings(0.125)))
        self.latents, self.seen = columns("rotation-colour"), []

    def remember(self, first: Tensor, second: Tensor, source: Latents, target: Latents, environment: str) -> Any:
        self.seen.append(first)
        return environment if len(first) else ""

    def read(self, representation: Tensor, memory: Any) -> Tensor:
        shown = torch.zeros_like(representation)
        shown[:, 11:] = representation[:, 11:]
        part = {"rotation": slice(0, 9), "colour": slice(9, 11)}.get(memory, slice(0, 0))
        shown[:, part] = representation[:, part]
        return normalize(shown, dim=1)

    def foresee(
        self, representation: Tensor, source: Latents, target: Latents, environment: str, memory: Any
    ) -> Tensor:
        angles = np.stack([target[angle].numpy() for angle in ANGLES], 1)
        hues = torch.stack([target[hue] for hue in HUES], 1)
        moved = torch.cat([torch.from_numpy(pose(angles).as_matrix()).flatten(1), hues], 1).float()
        return self.read(torch.cat([moved, representation[:, 11:]], 1), memory)


def posed(objects: int, views: int, seed: int) -> Split:
    """Return features that are the pose's matrix, both hues, and the class."""
    bare = random_split(objects, views, seed=seed, rounds=30)
    rows = np.arange(objects * views)
    matrices = pose(bare.columns(ANGLES, rows)).as_matrix().reshape(-1, 9)
    features = np.concatenate([matrices, bare.columns(HUES, rows), np.eye(4)[bare.labels]], axis=1)
    return replace(bare, features=features.astype(np.float32))


@pytest.mark.parametrize("protocol", [PROTOCOL, replace(load("converged"), draws=50)], ids=["heads", "solved"])
@pytest.mark.slow
def test_an_environment_tells_its_own_factors_and_no_other(protocol) -> None:
    method = Told()
    context = replace(context_of(posed(40, 6, 1), posed(24, 6, 0), protocol), network=method)
    values = in_context(context)[WHOLE]
    assert values.keys() == IN_CONTEXT.keys()

    def far(metric: str) -> float:
        return abs(values[metric].value - values[metric].floor)

    rotation, colour = (f"context126_{environment}" for environment in method.environments)
    assert far(f"{rotation}_rotation_degrees_mean") > 20 and far(f"{colour}_rotation_degrees_mean") < 5
    assert values[f"{colour}_colour_r2_mean"].value > 0.4 and values[f"{rotation}_colour_r2_mean"].value < 0.1
    assert far("context0_rotation_degrees_mean") < 5 and values["context0_colour_r2_mean"].value < 0.1
    assert values["context14_rotation_mrr"].value == 1 and values["context14_rotation_h1"].value == 1
    alone = values["context0_rotation_mrr"]  # all views of an object then read the same
    assert alone.value == pytest.approx(alone.floor)


def test_contexts_are_nested_pairs_of_train_objects_and_few_objects_come_again() -> None:
    method, train = Told(), posed(20, 6, 1)
    in_context(replace(context_of(train, posed(8, 6, 0), QUICK), network=method))
    sizes = [len(first) for first in method.seen]
    assert sizes == [tokens // 2 for tokens in TOKENS] * 2
    for first in method.seen:
        torch.testing.assert_close(first, method.seen[len(TOKENS) - 1][: len(first)])
    known = {row.tobytes() for row in train.features[4 * 6 :]}  # not of the tuning objects
    assert {row.numpy().tobytes() for row in method.seen[-1]} <= known
    assert len({row.numpy().tobytes() for row in method.seen[-1][:16]}) == 16


def test_of_many_views_the_first_ones_are_read() -> None:
    context = replace(context_of(posed(20, VIEWS + 3, 1), posed(8, VIEWS + 3, 0), QUICK), network=Told())
    value = in_context(context)[WHOLE]["context0_top1"]
    assert value.n == 8 * VIEWS


def test_contextssl_is_scored_and_other_methods_are_not() -> None:
    method = ContextSSL(Encoder(EncoderSettings(0.125)), ContextSSLSettings(width=16, layers=2, hidden=(8,))).eval()
    features = [np.random.default_rng(i).normal(size=(n * 6, 64)).astype(np.float32) for i, n in enumerate((20, 8))]
    splits = (random_split(n, 6, f, seed=i) for i, (n, f) in enumerate(zip((20, 8), features, strict=True)))
    context = context_of(*splits, QUICK)
    assert in_context(context) == {}
    values = in_context(replace(context, network=method))[WHOLE]
    assert {name(tokens, "rotation", "top1") for tokens in TOKENS} <= values.keys() <= IN_CONTEXT.keys()
