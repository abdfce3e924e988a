"""Standardisation: exact moments, computed in blocks; constant columns are handled."""

import numpy as np
import pytest

from iebench.benchmark.errors import EncoderError
from iebench.benchmark.fitting import standardise
from iebench.benchmark.fitting.standardise import Standardiser


def test_train_features_get_mean_0_and_deviation_1(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standardise, "ROWS_PER_BLOCK", 7)
    features = (np.random.default_rng(0).normal(size=(100, 5)) * 3 + 500).astype(np.float32)
    standard = Standardiser.of(features)
    np.testing.assert_allclose(standard.mean, features.mean(0, dtype=np.float64), rtol=1e-6)
    np.testing.assert_allclose(standard.scale, features.std(0, dtype=np.float64), rtol=1e-5)
    out = standard(features, slice(1, 4))
    assert out.shape == (100, 3) and out.dtype == np.float32
    np.testing.assert_allclose(out.mean(0), 0, atol=1e-3)
    np.testing.assert_allclose(out.std(0), 1, atol=1e-3)


def test_a_column_that_train_holds_constant_is_0_whatever_val_has_in_it() -> None:
    standard = Standardiser.of(np.full((10, 2), 7.0, np.float32))
    for value in (7.0, 8.0, -1e30):
        assert (standard(np.full((3, 2), value, np.float32), slice(0, 2)) == 0).all()


def test_what_float32_cannot_hold_is_refused() -> None:
    standard = Standardiser.of(np.array([[1e-12], [2e-12]], np.float32))
    assert standard.mean.dtype == standard.scale.dtype == np.float32
    with pytest.raises(EncoderError, match="further than 1e38 deviations from the train split's mean"):
        standard(np.array([[1e30]], np.float32), slice(0, 1))


@pytest.mark.parametrize(("scale", "offset", "digits"), [
    (1e-30, 0.0, 1e-6), (1e-36, 0.0, 1e-5), (1e-40, 0.0, 1e-3), (1e30, 0.0, 1e-6), (1.0, 3e4, 1e-2),
    (1e-33, 1e-29, 1e-2),
])  # fmt: skip
def test_features_of_any_size_or_offset_are_standardised_as_far_as_float32_holds_them(
    scale: float, offset: float, digits: float
) -> None:
    features = np.random.default_rng(0).normal(size=(500, 4)).astype(np.float32)
    moved = (features.astype(np.float64) * scale + offset).astype(np.float32)
    standardised = Standardiser.of(moved)(moved, slice(0, 4))
    assert standardised.dtype == np.float32
    np.testing.assert_allclose(standardised, Standardiser.of(features)(features, slice(0, 4)), atol=digits)
    assert abs(standardised.mean(dtype=np.float64)) < 1e-5


def test_a_scaled_or_shifted_encoder_gives_the_same_features() -> None:
    features = np.random.default_rng(0).normal(size=(50, 4)).astype(np.float32)
    moved = features * 1e-3 + 2
    np.testing.assert_allclose(
        Standardiser.of(moved)(moved, slice(0, 4)), Standardiser.of(features)(features, slice(0, 4)), atol=1e-2
    )
