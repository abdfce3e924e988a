"""The figure of a sweep over one setting: every run is a point, better is at the top, equal scores give equal bytes."""

import dataclasses
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest
from scoring import measured, score_of

from iebench.benchmark import protocol
from iebench.benchmark.ranking.board import Board
from iebench.benchmark.results.reading import load_scores
from iebench.benchmark.statistics.resamples import Resamples
from iebench.benchmark.sweep.curves import Axis, draw, write
from iebench.benchmark.sweep.plan import Planned, Sweep, plan

TINY = ("batch=4", "encoder.width=0.125", "resolution=16", "method.projector=[8]")
SETTINGS = {"900": ("steps=900",), "100": ("steps=100",), "300": ("steps=300",)}
METRICS = ("top1", "rotation_degrees_mean")


@pytest.fixture
def runs(tiny_dataset: Path, tmp_path: Path) -> list[Planned]:
    """Two methods x three settings x two seeds with made-up scores; the longer, the better."""
    planned = plan(Sweep(("sie", "vicreg"), (0, 1), set=TINY, settings=SETTINGS), tiny_dataset, tmp_path, "cpu")
    for run in planned:
        config, shown = run.config, protocol.load(run.protocol)
        steps = config.settings.steps or 0
        parts = ("whole", "invariant", "equivariant") if config.method == "sie" else ("whole",)
        values = {p: {"top1": measured(steps / 1e3), "rotation_degrees_mean": measured(90 - steps / 50)} for p in parts}
        score = score_of(run.folder.name, values, config.fingerprint)  # type: ignore[arg-type]
        about = {"method": config.method, "seed": config.seed, "settings": dataclasses.asdict(config.settings)}
        run.folder.mkdir(parents=True)
        replace(
            score, protocol=shown, protocol_id=shown.id, resamples=Resamples("d" * 64, {}, {}), run=about
        ).save(run.score)  # fmt: skip
    return planned


@pytest.mark.parametrize(
    ("settings", "axis"),
    [
        (SETTINGS, Axis("steps", {"900": 900, "100": 100, "300": 300})),
        ({"a": ("encoder.width=0.5",), "b": ("encoder.width=1",)}, Axis("encoder.width", {"a": 0.5, "b": 1})),
        ({}, None),
        ({"a": ("steps=1",)}, None),
        ({"a": ("steps=1",), "b": ("steps=1",)}, None),
        ({"a": ("steps=1",), "b": ("batch=2",)}, None),
        ({"a": ("steps=1", "batch=2"), "b": ("steps=2", "batch=2")}, None),
        ({"a": ("schedule=cosine",), "b": ("schedule=constant",)}, None),
        ({"a": ("learning_rate=nan",), "b": ("learning_rate=1",)}, None),
    ],
)
def test_an_axis_is_one_number_in_which_all_settings_differ(
    settings: dict[str, tuple[str, ...]], axis: Axis | None
) -> None:
    assert Axis.of(settings) == axis


def test_every_method_and_part_is_a_line_through_the_means_of_its_seeds(runs: list[Planned]) -> None:
    axis = Axis.of(SETTINGS)
    assert axis is not None
    board = Board.of(load_scores([run.score for run in runs]), parts=True)
    picture = draw(board, METRICS, {run.score: run for run in runs}, axis)
    top1, degrees = picture.axes
    names = ["sie", "sie: equivariant", "sie: invariant", "vicreg"]
    for panel, values in ((top1, [0.1, 0.3, 0.9]), (degrees, [88.0, 84.0, 72.0])):
        lines = {line.get_label(): line for line in panel.lines if line.get_marker() == "o"}
        assert sorted(lines) == names and panel.get_xlabel() == "steps" and panel.get_xscale() == "log"
        for line in lines.values():
            assert list(line.get_xdata()) == [100, 300, 900] and list(line.get_ydata()) == pytest.approx(values)
    assert not top1.yaxis.get_inverted() and degrees.yaxis.get_inverted()
    assert [text.get_text() for text in picture.legends[0].get_texts()] == names


@pytest.mark.slow
def test_the_file_is_whole_and_the_same_each_time(runs: list[Planned], tmp_path: Path) -> None:
    axis = Axis.of(SETTINGS)
    assert axis is not None
    files = [tmp_path / name for name in ("first.svg", "second.svg")]
    assert all(write(file, runs, axis) for file in files)
    assert files[0].read_bytes() == files[1].read_bytes() and ET.fromstring(files[0].read_text()).tag.endswith("svg")


def test_a_single_run_of_a_setting_is_drawn_and_without_class_and_rotation_there_is_no_file(
    runs: list[Planned], tmp_path: Path
) -> None:
    axis = Axis.of(SETTINGS)
    assert axis is not None and write(tmp_path / "one.svg", runs[:1], axis)
    [score] = load_scores([runs[0].score]).values()
    replace(score, values={"whole": {"mrr": measured(0.5)}}).save(runs[0].score)
    assert not write(tmp_path / "none.svg", runs[:1], axis) and not (tmp_path / "none.svg").exists()
