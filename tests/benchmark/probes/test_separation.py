"""Leaks are ratios of the parts' and the whole's performance above the floor, by bootstrap sample."""

import numpy as np
import pytest

from iebench.benchmark.metrics import METRICS
from iebench.benchmark.probes.separation import WRONG, separation
from iebench.benchmark.statistics.bootstrap import Bootstrap, Mean, Resampled
from iebench.benchmark.statistics.metric_info import WHOLE

BOOTSTRAP = Bootstrap.of(40, 300, 0.95, 0)
OBJECTS = np.arange(40)


def known(level: float, floor: float = 0.1, seed: int = 0) -> Resampled:
    hits = (np.random.default_rng(seed).random(40) < level).astype(np.float64)
    return BOOTSTRAP.measure(Mean.of(hits, OBJECTS), floor)


def test_a_leak_is_the_share_of_what_the_whole_knows() -> None:
    whole, part = known(0.8), known(0.5, seed=1)
    values = {WHOLE: {"top1": whole}, "invariant": {}, "equivariant": {"top1": part}}
    leak = separation(values, BOOTSTRAP)["equivariant"]["class_leak"]
    assert leak.value == pytest.approx((part.value - 0.1) / (whole.value - 0.1))
    expected = np.quantile((part.draws - 0.1) / (whole.draws - 0.1), [0.025, 0.975])
    assert [leak.low, leak.high] == pytest.approx(expected) and leak.low < leak.value < leak.high


def test_the_same_knowledge_is_a_leak_of_one_without_spread() -> None:
    values = {WHOLE: {"rotation_r2_mean": known(0.7)}, "invariant": {"rotation_r2_mean": known(0.7)}}
    leak = separation(values, BOOTSTRAP)["invariant"]["pose_leak"]
    assert leak.value == leak.low == leak.high == pytest.approx(1.0)


def test_what_nobody_knows_cannot_leak_and_without_parts_there_is_no_leak() -> None:
    ignorant = {WHOLE: {"top1": known(0.12)}, "equivariant": {"top1": known(0.12, seed=1)}}
    assert separation(ignorant, BOOTSTRAP) == {} == separation({WHOLE: {"top1": known(0.8)}}, BOOTSTRAP)
    assert set(WRONG) <= METRICS.keys()
