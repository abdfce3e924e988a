"""Packed numbers are restored within their precision, and a score keeps its bootstrap samples."""

import numpy as np
import pytest

from iebench.benchmark.statistics.bootstrap import Bootstrap, Estimate, Mean, plain
from iebench.benchmark.statistics.explained import R2
from iebench.benchmark.statistics.resamples import Resamples, pack, unpack


@pytest.mark.parametrize("values", [[0.1], [3.0, 3.0, 3.0], [-1e-9, 1e-9], [0.0, 1e6, 17.0], np.sin(np.arange(999))])
def test_numbers_come_back_within_half_a_step(values: object) -> None:
    numbers = np.asarray(values, np.float64)
    unpacked = unpack(pack(numbers))
    assert unpacked.shape == numbers.shape
    assert np.abs(unpacked - numbers).max() <= np.ptp(numbers) / 131070 * (1 + 1e-6)


def test_equal_numbers_make_equal_text_which_is_short() -> None:
    draws = np.random.default_rng(0).normal(size=1000)
    assert pack(draws) == pack(draws.copy())
    assert len(pack(draws)) < 2_900
    hits = np.random.default_rng(0).binomial(50, 0.3, 10_552) / 50  # top-1 per object
    assert len(pack(hits)) < 14_000


@pytest.mark.parametrize("text", ["", "?", "AAAA", pack(np.ones(3))[:-8]])
def test_damage_is_noticed(text: str) -> None:
    with pytest.raises(ValueError, match="packed numbers are damaged"):
        unpack(text)


def test_what_was_resampled_is_kept_beside_the_values() -> None:
    generator, objects = np.random.default_rng(0), np.repeat(np.arange(8), 3)
    bootstrap = Bootstrap.of(8, 40, 0.95, 0)
    hits, targets = generator.normal(size=24), generator.normal(size=(24, 2))
    mean = bootstrap.measure(Mean.of(hits, objects), 0.0)
    explained = bootstrap.measure(R2.of(targets, targets * 0.9, objects, pooled=False), 0.0)
    fixed = Estimate(1.0, 1.0, 1.0, 0.0, 24, 8)
    kept = Resamples.of(bootstrap, {"whole": {"top1": mean, "r2": explained, "size": fixed}, "half": {"top1": mean}})
    assert kept.digest == bootstrap.digest != Bootstrap.of(8, 40, 0.95, 1).digest
    assert {part: list(metrics) for part, metrics in kept.draws.items()} == {"whole": ["top1", "r2"], "half": ["top1"]}
    np.testing.assert_allclose(kept.drawn("whole", "top1"), Mean.of(hits, objects).at(bootstrap.counts), atol=1e-4)
    np.testing.assert_allclose(unpack(kept.each["top1"]), hits.reshape(8, 3).mean(1), atol=1e-4)
    assert list(kept.each) == ["top1"] and kept.drawn("whole", "size") is None
    assert type(plain(mean)) is Estimate and plain(mean) == Estimate(mean.value, mean.low, mean.high, mean.floor, 24, 8)
