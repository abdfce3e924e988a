"""Relative representations ignore what cosines ignore, so that a head of one encoder fits a rotated copy of it."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.distance import cosine
from scoring import random_split

from iebench.benchmark.comparing.relative import ANCHORS, Relative, relative_similarity, stitching
from iebench.benchmark.fitting.context import Split
from iebench.benchmark.statistics.bootstrap import Bootstrap

TURN = np.linalg.qr(np.random.default_rng(0).normal(size=(16, 16)))[0]


def whitened(split: Split, seed: int) -> Split:
    """Return the split with features of equal spread in all directions: a code of class and pose, and noise."""
    generator = np.random.default_rng(seed)
    code = np.concatenate([np.eye(4)[split.labels] * 3, generator.normal(size=(len(split.labels), 12))], axis=1)
    return replace(split, features=code.astype(np.float32))


def rotated(split: Split) -> Split:
    return replace(split, features=(5 * split.features @ TURN).astype(np.float32))


TRAIN, VAL = whitened(random_split(60, 4), 1), whitened(random_split(40, 4, seed=1), 2)
BOOTSTRAP = Bootstrap.of(40, 50, 0.95, 0)
ROWS = np.arange(160)


def test_each_column_is_the_cosine_to_an_anchor() -> None:
    relative = Relative.of(TRAIN, 16)
    assert len(relative.anchors) == min(ANCHORS, TRAIN.objects)
    rows = relative(VAL, np.array([3, 7]))
    for row, view in zip(rows, (3, 7), strict=True):
        own = (VAL.features[view] - TRAIN.features.mean(0)) / TRAIN.features.std(0)
        for value, i in zip(row, range(TRAIN.objects), strict=True):
            anchor = (TRAIN.features[4 * i] - TRAIN.features.mean(0)) / TRAIN.features.std(0)
            assert value == pytest.approx(1 - cosine(own, anchor), abs=1e-5)


def sides(second: tuple[Split, Split]) -> tuple[list[Relative], list[NDArray[np.float64]]]:
    relatives = [Relative.of(TRAIN, 16), Relative.of(second[0], 16)]
    return relatives, [relatives[0](VAL, ROWS), relatives[1](second[1], ROWS)]


def test_a_rotated_copy_is_alike_and_other_features_are_not() -> None:
    _, (first, second) = sides((rotated(TRAIN), rotated(VAL)))
    values = relative_similarity(first, second, 4, BOOTSTRAP)
    assert values["relative_cosine"].value > 0.9 and values["relative_cosine"].floor < 0.5
    assert values["relative_mrr"].value > 0.9 and values["relative_mrr"].floor < 0.15
    other = whitened(TRAIN, 8), whitened(replace(VAL, labels=VAL.labels[::-1].copy()), 9)
    _, (first, second) = sides(other)
    assert relative_similarity(first, second, 4, BOOTSTRAP)["relative_mrr"].value < 0.4


def test_a_copy_is_exactly_alike() -> None:
    first = Relative.of(TRAIN, 16)(VAL, ROWS)
    values = relative_similarity(first, first, 4, BOOTSTRAP)
    assert [entry.value for entry in values.values()] == pytest.approx([1, 1])


def test_a_head_works_on_a_rotated_copy_as_on_its_own_encoder() -> None:
    second = rotated(TRAIN), rotated(VAL)
    relatives, _ = sides(second)
    heads = stitching(relatives, [TRAIN, second[0]], [VAL, second[1]], ROWS, BOOTSTRAP)
    top1 = np.array([[used["class_top1"].value for used in line] for line in heads])
    assert (top1 > 0.9).all() and heads[0][0]["class_top1"].floor == pytest.approx(0.25)
    degrees = heads[0][1]["pose_degrees"]
    assert degrees.low <= degrees.value <= degrees.high and degrees.value == pytest.approx(degrees.floor, abs=20)


def test_a_head_is_of_no_use_on_unrelated_features() -> None:
    shuffled = np.random.default_rng(3).permutation
    pairs = [(replace(s, features=s.features[shuffled(len(s.features))])) for s in (TRAIN, VAL)]
    relatives, _ = sides((pairs[0], pairs[1]))
    heads = stitching(relatives, [TRAIN, pairs[0]], [VAL, pairs[1]], ROWS, BOOTSTRAP)
    assert heads[0][0]["class_top1"].value > 0.9 and heads[0][1]["class_top1"].value < 0.5
