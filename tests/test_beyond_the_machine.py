"""Requests beyond the machine's memory or time are refused at once, with the estimate and the available amount."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from scoring import SMALL

from iebench.benchmark.errors import IebenchError, ScoringError, SettingError
from iebench.benchmark.protocol import Head, Protocol, load
from iebench.benchmark.scoring import footprint
from iebench.benchmark.scoring.footprint import Sizes
from iebench.benchmark.sweep.plan import Sweep, plan
from iebench.benchmark.sweep.plan import check_memory as check_sweep
from iebench.benchmark.training.checks import check_memory
from iebench.benchmark.training.config import RunConfig
from iebench.manifests.common import machine
from iebench.manifests.dataset import DatasetInfo
from iebench.manifests.errors import UsageError
from iebench.manifests.shell.cli import main
from iebench.renderer.plan import Plan, check_shards

FREE = 8_000_000_000


@pytest.fixture(autouse=True)
def small_machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Simulated machine of 8 GB; no test takes longer than a few seconds of CPU time."""
    monkeypatch.setattr(machine, "memory", lambda: FREE)
    monkeypatch.setattr(footprint, "free_memory", lambda: FREE)
    monkeypatch.setattr("iebench.renderer.sources.builtin.free_memory", lambda: FREE)
    start = time.process_time()
    yield
    assert time.process_time() - start < 10


CONVERGED = load("converged")
HEAD = Head((), 10**8, 8, (1e-3,), (0.0,), "constant")


@pytest.mark.parametrize(
    ("protocol", "words"),
    [
        (replace(SMALL, draws=10**8), "most for its draws, and 8.0 GB are free: lower draws"),
        (replace(SMALL, val_pairs=10**9), "most for its val_pairs"),
        (replace(SMALL, val_pairs=10**30), "most for its val_pairs"),
        (replace(SMALL, seeds=10**8), "most for its seeds"),
        (replace(SMALL, heads={"rotation": HEAD}), "most for its epochs and pairs"),
        (replace(CONVERGED, kernel=replace(CONVERGED.kernel, units=10**8)), "most for its units of its kernel probes"),
        (replace(CONVERGED, kernel=replace(CONVERGED.kernel, pairs=10**9)), "most for its epochs and pairs"),
        (replace(CONVERGED, maps=replace(CONVERGED.maps, units=10**8)), "most for its units of its maps"),
        (replace(CONVERGED, linear=replace(CONVERGED.linear, numbers=1)), "fits classes on 1 numbers, and 2 views of"),
        (replace(SMALL, draws=10**6), "has draws=1,000,000 bootstrap samples, which take about 275 MB in a score file"),
    ],
)
def test_a_protocol(tiny_dataset: Path, protocol: Protocol, words: str) -> None:
    info = DatasetInfo.load(tiny_dataset)
    with pytest.raises(ScoringError, match=r"^the protocol ") as caught:
        footprint.check(protocol, info, None, [512], torch.device("cpu"))
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_shipped_protocols_are_within_a_small_machine() -> None:
    for name in ("converged", "strict", "equicaps", "seqjepa"):
        footprint.check_settings(load(name), Sizes(41_920, 10_552, 50, 55, (512, 256, 256)))


@pytest.mark.parametrize(
    ("assignment", "words"),
    [
        ("encoder.width=1000000", "layer of more than|takes at least .* GB, most for its weights, and 8.0 GB are free"),
        ("method.projector=[1000000]", "takes at least .* GB, most for its weights, and 8.0 GB are free"),
        ("method.projector=[1000000000000000000000000000000]", "has a layer of more than 2.63 bytes"),
        ("batch=1000000000", "most for its batch, and 8.0 GB are free: lower batch"),
        ("steps=10000000000000", "steps must be at most 1,000,000,000,000, not 10,000,000,000,000"),
        ("epochs=1000000000000000000000000000000", "epochs must be at most .*, not a number of 31 digits"),
        ("views=100000000", "views must be at most 1000, as many as an object has, not 100,000,000"),
        ("resolution=100000000000000", "resolution must be at most"),
    ],
)
@pytest.mark.slow
def test_a_training(tiny_dataset: Path, assignment: str, words: str) -> None:
    with pytest.raises(SettingError, match=words) as caught:
        check_memory(RunConfig.of("sie", "quick", [assignment], tiny_dataset, 0, "cpu"), FREE)
    assert "\n" not in str(caught.value)


def test_the_shipped_presets_are_within_a_small_machine(tiny_dataset: Path) -> None:
    for method in ("sie", "byol", "random"):
        check_memory(RunConfig.of(method, "quick", [], tiny_dataset, 0, "cpu"), FREE)


def test_a_sweep_names_the_run(tiny_dataset: Path, tmp_path: Path) -> None:
    settings = {"huge": ("method.projector=[1000000]",), "usual": ()}
    planned = plan(Sweep(("sie",), (0,), settings=settings), tiny_dataset, tmp_path, "cpu")
    with pytest.raises(SettingError, match=r"^sie-huge-tiny-s0: sie with these settings takes at least"):
        check_sweep(planned, "cpu", 1)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["render", "--objects-per-class", "100000000"], "take about 3,300 GB to plan, and 8.0 GB are free"),
        (["render", "--workers", "100000000"], "take about 20,000,000 GB of memory, and this machine has 8.0 GB"),
        (["render", "--threads", "100000000"], "is not in the range 1<=x<=1024"),
        (["verify", "DATA", "--workers", "100000000"], "give 133 at most"),
        (["symmetry", "DATA", "--workers", "100000000"], "give 133 at most"),
        (["import", "3diebench", "DATA", "out", "--workers", "100000000"], "give 133 at most"),
        (["score", "--seed", "100000000000"], "is not in the range"),
    ],
)
@pytest.mark.slow
def test_a_command(
    tiny_dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    arguments: list[str], words: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stop:
        main([str(tiny_dataset) if word == "DATA" else word for word in arguments])
    assert stop.value.code == 2
    assert words in capsys.readouterr().err


def test_more_shards_than_a_dataset_may_have(tiny_plan: Callable[..., Plan], monkeypatch: pytest.MonkeyPatch) -> None:
    small = tiny_plan()
    large = replace(small, objects=small.objects[:1] * 201, recipe=replace(small.recipe, views=1000))
    monkeypatch.setattr("iebench.renderer.plan.MOST_SHARDS", 100)
    with pytest.raises(UsageError, match=r"^201,000 images fill 101 shards, and a dataset has 100 at most"):
        check_shards(large)


def test_every_refusal_is_one_of_iebench() -> None:
    with pytest.raises(IebenchError, match="--jobs 1000: so many processes take about 60 GB"):
        machine.check_processes(1000, "--jobs")
