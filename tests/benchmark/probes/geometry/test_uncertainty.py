"""Scalars that know which answers are wrong tell them apart, and others do not."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from scoring import SMALL, context_of, random_split
from torch import nn

from iebench.benchmark.encoders.wrappers.ensembles import Ensemble
from iebench.benchmark.fitting.context import Context, Split
from iebench.benchmark.metrics.geometry.uncertainty import COVERED, UNCERTAINTY
from iebench.benchmark.probes.geometry.uncertainty import entropies, spread, uncertainty
from iebench.benchmark.probes.neighbours import neighbours
from iebench.benchmark.protocol import Neighbours

PROTOCOL = replace(SMALL, neighbours=Neighbours(k=5, temperature=0.07, views=4))


def context_with(clear: float) -> Context:
    """Features: a code of the class, times 1 for clear views and 0.1 for others, plus noise; clear : their share."""
    splits = []
    for seed, objects in ((0, 40), (1, 50)):
        split = random_split(objects, 4, seed=seed)
        generator = np.random.default_rng(seed)
        strength = np.where(generator.uniform(size=len(split.labels)) < clear, 3.0, 0.1)
        noise = generator.normal(size=(len(split.labels), 6)) / 2
        code = np.concatenate([np.eye(4)[split.labels] * strength[:, None], np.zeros((len(strength), 2))], axis=1)
        splits.append(replace(split, features=(code + noise).astype(np.float32)))
    return context_of(*splits, PROTOCOL, tuning=4)


@pytest.fixture(scope="module")
def context() -> Context:
    return context_with(0.6)


def test_views_without_a_class_are_known_by_each_scalar(context: Context) -> None:
    values = uncertainty(context)["whole"]
    assert values.keys() == {name for name in UNCERTAINTY if "spread" not in name}  # which ensembles have
    for scalar in ("norm", "distance", "entropy"):
        auroc, area = values[f"{scalar}_auroc"], values[f"{scalar}_aurc"]
        assert auroc.low > 0.55 and auroc.floor == 0.5, scalar
        assert area.ceiling is not None and area.ceiling <= area.value < area.floor
        curve = [values[f"risk{percent}_{scalar}"] for percent in COVERED]
        assert curve[0].value < curve[-1].value == pytest.approx(curve[-1].floor)
        assert all(entry.n == 200 and entry.objects == 50 for entry in curve)


def test_the_answers_are_those_of_knn(context: Context) -> None:
    error = 1 - neighbours(context)["whole"]["knn_top1"].value
    assert uncertainty(context)["whole"]["risk100_norm"].value == pytest.approx(error)


def test_answers_that_are_all_right_tell_nothing() -> None:
    features = np.repeat(np.eye(4, dtype=np.float32), 4, axis=0)
    split = random_split(4, 4, features)
    assert uncertainty(context_of(split, split, PROTOCOL, tuning=1)) == {}


def test_a_protocol_without_knn_gets_a_note(context: Context) -> None:
    plain = replace(context, protocol=replace(PROTOCOL, neighbours=None), notes=[])
    assert uncertainty(plain) == {} and "it needs kNN predictions" in plain.notes[0]


def test_the_entropy_of_equal_votes_is_the_log_of_their_number() -> None:
    assert entropies(np.array([[2.0, 2, 0], [5, 0, 0], [1, 1, 1]])).tolist() == pytest.approx([np.log(2), 0, np.log(3)])


def test_members_that_disagree_mark_wrong_classes(context: Context) -> None:
    """The features twice, the second time with noise: an ensemble whose spread grows where a vote is close."""
    generator = np.random.default_rng(0)

    def joined(split: Split) -> Split:
        noise = generator.normal(0, 0.3, split.features.shape).astype(np.float32)
        return replace(split, features=np.hstack([split.features, split.features + noise]))

    width = context.train.features.shape[1]
    module = Ensemble([nn.Identity(), nn.Identity()], [0, 0], mean=False)
    module.members = (slice(0, width), slice(width, 2 * width))
    own = context_of(joined(context.train), joined(context.val), PROTOCOL, tuning=1)
    values = uncertainty(replace(own, encoder=SimpleNamespace(module=module)))["whole"]  # type: ignore[arg-type]
    assert values.keys() == UNCERTAINTY.keys()
    assert values["spread_auroc"].low > 0.5 and values["spread_aurc"].value < values["spread_aurc"].floor


def test_the_spread_is_the_information_that_the_member_gives() -> None:
    """Zero for members that agree, log 2 for two that are certain of different classes, in between by a slow loop."""
    sure, other, unsure = np.array([[1.0, 0.0]]), np.array([[0.0, 3.0]]), np.array([[1.0, 3.0]])
    assert spread([unsure, 2 * unsure]).tolist() == pytest.approx([0.0])
    assert spread([sure, other]).tolist() == pytest.approx([np.log(2)])
    shares = [(1.0, 0.0), (0.25, 0.75)]
    slow = sum(0.5 * p * np.log(p / ((a + b) / 2)) for a, b in zip(*shares, strict=True) for p in (a, b) if p)
    assert spread([sure, unsure]).tolist() == pytest.approx([slow])
