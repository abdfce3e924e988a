"""Time of a training: the trial batch grows to that of the run, the fastest step counts, a busy machine is named."""

import os
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from small_runs import config

from iebench.benchmark.data.batches import Batches
from iebench.benchmark.data.images import Images
from iebench.benchmark.distributed.ranks import ALONE
from iebench.benchmark.forecasts import steps
from iebench.benchmark.forecasts import train as forecasts
from iebench.benchmark.forecasts.load import steady
from iebench.benchmark.forecasts.steps import GROWTH, LONG, Trial, measure
from iebench.benchmark.forecasts.train import forecast, threads_of_each
from iebench.benchmark.training.train import initialised
from iebench.manifests.common import machine

CPU = torch.device("cpu")


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Batches that are measured, on a machine where a step takes 10 ms and each object 1 ms more and 1 kB."""
    batches: list[int] = []

    def step(method: object, config: object, images: object, device: object, batch: int, enough: float) -> Trial:
        batches.append(batch)
        return Trial(batch, 3, 0.0005 * batch, 0.01 + 0.001 * batch, 0.002, 1000 * batch)

    monkeypatch.setattr(steps, "_measured", step)
    return batches


def test_the_batch_grows_to_that_of_the_run(tiny_dataset: Path, measured: list[int]) -> None:
    made = config(tiny_dataset)
    images = Images.open(tiny_dataset, "train")
    method = initialised(made, CPU)
    assert measure(method, made, images, CPU, 100).objects == 100 and measured == [16, 64, 100, 100]
    measured.clear()
    most = 10**6  # a step of 1024 objects is over a second
    assert measure(method, made, images, CPU, most).computing > LONG and measured[-2] == 16 * GROWTH**3


def test_a_batch_does_not_grow_beyond_memory(
    tiny_dataset: Path, measured: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps.FreeMemory, "of", lambda device: steps.FreeMemory(200_000, 0))
    made = config(tiny_dataset)
    measure(initialised(made, CPU), made, Images.open(tiny_dataset, "train"), CPU, 1000)
    assert measured == [16, 64, 64]  # 256 objects would take 256 kB, more than half of what is free


@pytest.mark.parametrize("processes", [1, 2])
def test_the_time_is_that_of_whole_batches(
    tiny_dataset: Path, tmp_path: Path, measured: list[int], processes: int
) -> None:
    """10 steps of 8 objects, or of 4 in each of two processes; each image is decoded once if it is kept."""
    made = config(tiny_dataset)
    each = 8 // processes
    images = Images.open(tiny_dataset, "train")
    uses, kept = 10 * each, min(10 * each, len(images) / made.settings.views)
    for cache, decoded in (("none", uses), ("ram", kept)):
        need = forecast(tmp_path / "run", made, False, ALONE, processes, cache)  # type: ignore[arg-type]
        assert need.seconds == pytest.approx(10 * (0.01 + 0.001 * each + 0.002) + 0.0005 * decoded)
    assert "the fastest of 3 steps of" in need.basis and not (tmp_path / "run").exists()


def test_one_slow_step_does_not_count(tiny_dataset: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make, slow = Batches.make, iter([0.0, 0.3])

    def held_up(batches: Batches, step: int) -> object:
        time.sleep(next(slow, 0.0))
        return make(batches, step)

    monkeypatch.setattr(Batches, "make", held_up)
    made = config(tiny_dataset)
    trial = steps._measured(initialised(made, CPU), made, Images.open(tiny_dataset, "train"), CPU, 4, 0.0)
    assert trial.steps == 3 and 0 < trial.decoding < 0.2 and trial.computing > 0 and trial.activation_bytes > 0


@pytest.mark.parametrize(("load", "requested", "used", "clause"), [
    (0.5, None, None, ""), (0.5, 3, 3, " with 3 threads"), (40.0, None, 1, "while about 40 processes share 2 cores"),
    (40.0, 3, 1, "as with OMP_NUM_THREADS=1"),
])  # fmt: skip
def test_one_thread_is_measured_on_a_busy_machine(
    monkeypatch: pytest.MonkeyPatch, load: float, requested: int | None, used: int | None, clause: str
) -> None:
    monkeypatch.setattr(os, "getloadavg", lambda: (load, 0.0, 0.0))
    monkeypatch.setattr("iebench.benchmark.forecasts.load.cores", lambda: 2)
    before = torch.get_num_threads()
    with steady(CPU, requested) as condition:
        assert torch.get_num_threads() == (used or before) and clause in condition
    assert torch.get_num_threads() == before


def test_runs_side_by_side_share_the_cores_and_the_time(
    tiny_dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, thread_counts = config(tiny_dataset), []
    whole = forecast(tmp_path / "a", replace(made, settings=replace(made.settings, steps=2)), False, ALONE, 1)

    def minute(folder: Path, *rest: object, threads: int | None) -> object:
        thread_counts.append(threads)
        return replace(whole, seconds=60.0, memory=5)

    monkeypatch.setattr(forecasts, "forecast", minute)
    monkeypatch.setattr(machine, "cores", lambda: 4)
    monkeypatch.setattr(forecasts, "cores", lambda: 4)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    runs = [("sie", tmp_path / str(seed), made) for seed in range(4)]
    need = forecasts.forecast_of_runs(runs, tmp_path, 2)
    assert (need.seconds, need.memory, thread_counts) == (120.0, 10, [2]) and "2 at a time" in need.basis
    assert forecasts.forecast_of_runs(runs, tmp_path, None).seconds is None
    assert forecasts.forecast_of_runs(runs[:1], tmp_path, 2).seconds == 60.0  # a single run is not divided
    assert threads_of_each(1) is None
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert threads_of_each(2) is None
