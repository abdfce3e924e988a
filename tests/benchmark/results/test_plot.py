"""The picture of a score: R² of every factor, and the curves of an orbit."""

import sys
from dataclasses import replace
from pathlib import Path

import matplotlib as mpl
import pytest
from scoring import measured, score_of

from iebench.benchmark.errors import MissingPart, RunError, ScoreFileError
from iebench.benchmark.results import plot
from iebench.benchmark.results.orbits import CURVES
from iebench.benchmark.results.plot import LEAST
from iebench.benchmark.results.score import Score
from iebench.benchmark.statistics.metric_info import WHOLE, MetricInfo

ROWS = ["rotation_r2_mean", "pose_r2_mean", "floor_hue_r2"]


@pytest.fixture
def score() -> Score:
    """Return a score with a part, R² of both kinds, and metrics that are not R²."""
    names = ["top1", "floor_hue_r2", "pose_r2_mean", "pose_r2_pooled", "rotation_r2_mean", "rotation_degrees_mean"]
    whole = {name: measured(0.1 * (index + 1)) for index, name in enumerate(names)}
    whole["floor_hue_r2"] = replace(whole["floor_hue_r2"], ceiling=0.9)
    part = {"pose_r2_mean": measured(0.5), "share_rotation": measured(0.5)}
    return score_of("mine", {WHOLE: whole, "first": part})


def profile(score: Score) -> list[str]:
    """Return the metrics that the picture of a score shows."""
    return list(plot.profile(score.values, score.metrics, score.protocol.r2))


def test_rows_are_the_r2_that_tables_print_in_their_order(score: Score) -> None:
    assert score.protocol.r2 == "mean" and profile(score) == ROWS
    pooled = replace(score, protocol=replace(score.protocol, r2="pooled"))
    assert profile(pooled) == ["pose_r2_pooled", "floor_hue_r2"]
    further = MetricInfo("zoom R²", "change of zoom", within=(None, 1.0), over_objects="joint", package="other")
    values = {**score.values, WHOLE: {**score.values[WHOLE], "zoom_r2": measured(0.2)}}
    assert profile(replace(score, values=values, metrics={"zoom_r2": further})) == [*ROWS, "zoom_r2"]


def test_values_intervals_floors_and_ceilings_are_where_they_belong(score: Score) -> None:
    picture = score.plot()
    [axes] = picture.axes
    assert [label.get_text() for label in axes.get_yticklabels()] == [score_title(name) for name in ROWS]
    dots = [line for line in axes.lines if line.get_marker() == "o"]
    drawn = [round(float(line.get_xdata()[0]), 6) for line in dots]  # type: ignore[index, arg-type]
    assert drawn == [0.5, 0.3, 0.5, 0.2]  # rotation, pose of both parts, floor
    ends = [tuple(map(float, line.get_xdata())) for line in axes.lines if len(line.get_xdata()) == 2]  # type: ignore[arg-type]
    assert sum(end == (0.1, 0.1) for end in ends) == 3 and (0.9, 0.9) in ends  # floors, the ceiling
    assert any(end == pytest.approx((0.45, 0.55)) for end in ends)
    low, high = axes.get_xlim()
    assert low < 0 and high > 1


def score_title(metric: str) -> str:
    """Return the title of a metric in tables."""
    from iebench.benchmark.metrics import METRICS

    return METRICS[metric].title


def test_a_value_left_of_the_axis_is_written(score: Score) -> None:
    values = {WHOLE: {"rotation_r2_mean": measured(-7.25), "pose_r2_mean": measured(0.5)}}
    [axes] = replace(score, values=values).plot().axes
    assert axes.get_xlim()[0] == pytest.approx(LEAST - 0.03)
    assert "◂ -7.25" in [text.get_text() for text in axes.texts]


def test_a_notebook_gets_the_same_png_each_time(score: Score) -> None:
    image = score.plot()._repr_png_()
    assert image.startswith(b"\x89PNG") and image == score.plot()._repr_png_()
    assert mpl.rcParams["font.size"] != 9  # the style stays inside


@pytest.mark.slow
def test_orbits_of_the_scored_weights_are_drawn_beside(
    twenty: dict[Path, Score], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path, score = next(iter(twenty.items()))
    monkeypatch.chdir(tmp_path)
    assert len(score.plot().axes) == 1  # no runs/ here
    picture = score.plot(path.parent)
    assert [axes.get_title() for axes in picture.axes[1:]] == list(CURVES.values())
    (tmp_path / "runs").symlink_to(path.parent.parent)
    assert len(score.plot().axes) == 4
    other = replace(score, encoder=replace(score.encoder, weights="d" * 64))
    assert len(other.plot().axes) == 1
    with pytest.raises(RunError, match="has orbits of other weights than the score of method-0: run `iebench orbits"):
        other.plot(path.parent)
    with pytest.raises(RunError, match="holds no orbits"):
        score.plot(tmp_path)


def test_a_score_without_r2_and_a_missing_matplotlib_are_one_sentence(
    score: Score, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ScoreFileError, match="the score of mine has no R²"):
        replace(score, values={WHOLE: {"top1": measured(0.5)}}).plot()
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingPart, match=r"plots need matplotlib: pip install 'iebench\[train\]'"):
        score.plot()
