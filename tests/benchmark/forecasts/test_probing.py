"""Time of a score: the probes run on few objects, and their time is extended to all views."""

import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from scoring import from_run, untrained_run

from iebench.benchmark.data.images import Images
from iebench.benchmark.encoders.prepared import PreparedEncoder
from iebench.benchmark.errors import ScoringError
from iebench.benchmark.forecasts import encoding
from iebench.benchmark.forecasts import probing as module
from iebench.benchmark.forecasts.encoding import seconds_per_image
from iebench.benchmark.forecasts.probing import extended, probing
from iebench.benchmark.protocol import load
from iebench.benchmark.scoring.footprint import Sizes

CPU = torch.device("cpu")
SIZES = Sizes(train=1000, val=200, views=20, classes=5, widths=(4,))


@pytest.fixture(scope="module")
def encoder(tiny_dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> PreparedEncoder:
    return from_run(untrained_run(tmp_path_factory.mktemp("runs") / "sie", tiny_dataset), None, CPU)


def test_a_line_through_both_trials_is_extended(
    encoder: PreparedEncoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With 8 views or fewer of an object, 24 objects a split are 384 views, 72 are 1152; a score of all has 24,000."""
    limits = []

    def scored(encoder: Any, data: Any, *rest: Any, limit: int, **more: Any) -> Any:
        limits.append(limit)
        slow = 5.0 if len(limits) == 1 else 0.0  # the first run loads libraries
        return SimpleNamespace(seconds={"probing": 1.0 + 0.01 * 16 * limit + slow})

    monkeypatch.setattr(module, "score", scored)
    estimate = probing(encoder, tmp_path, load(), CPU, SIZES, None, "default")
    assert estimate is not None and limits == [24, 24, 72] and estimate.objects == 72
    assert estimate.seconds == pytest.approx(1.0 + 0.01 * 24_000)


def test_a_line_does_not_fall_and_one_trial_is_the_whole_if_it_has_all_views() -> None:
    assert extended({10: 2.0, 30: 1.0}, 1000) == 2.0
    assert extended({10: 2.0}, 10) == 2.0
    assert extended({10: 2.0, 30: 4.0}, 10) == 2.0


@pytest.mark.slow
def test_the_probes_run_on_features_of_the_same_width_and_leave_nothing(
    encoder: PreparedEncoder, tiny_dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    estimate = probing(encoder, tiny_dataset, load(), CPU, Sizes(24, 6, 6, 3, (encoder.dim,)), None, "default")
    assert estimate is not None and estimate.seconds > 0 and not list(tmp_path.iterdir())
    assert capfd.readouterr().err == ""


def test_probes_that_need_more_objects_have_no_estimate(
    encoder: PreparedEncoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*arguments: Any, **more: Any) -> Any:
        raise ScoringError("too few")

    monkeypatch.setattr(module, "score", refused)
    assert probing(encoder, tmp_path, load(), CPU, SIZES, None, "default") is None


def test_the_time_of_an_image_has_its_decoding(
    encoder: PreparedEncoder, tiny_dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = Images.open(tiny_dataset, "train")
    clock = iter(range(1000))  # each look at the clock is a second later, so that decoding and encoding take one each
    monkeypatch.setattr(encoding.time, "perf_counter", lambda: float(next(clock)))
    assert seconds_per_image(encoder, images, CPU) == pytest.approx(2 / 8)
