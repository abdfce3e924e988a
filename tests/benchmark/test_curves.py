"""The picture of a run's log."""

from pathlib import Path

import pytest

from iebench.benchmark import Run
from iebench.benchmark.errors import RunError
from iebench.benchmark.python.curves import MOST, figure


def test_each_logged_value_has_a_panel_with_its_points(tmp_path: Path) -> None:
    lines = ['{"step": 1, "loss": 3.0, "seconds": 9.0}', '{"step": 2, "loss": 2.0, "top1": 0.5, "devices": 1}']
    (tmp_path / "metrics.jsonl").write_text("".join(f"{line}\n" for line in lines))
    loss, top1 = Run(tmp_path).plot().axes
    assert (loss.get_title(), top1.get_title()) == ("loss", "top1")
    assert [list(axes.lines[0].get_xdata()) for axes in (loss, top1)] == [[1, 2], [2]]
    assert [list(axes.lines[0].get_ydata()) for axes in (loss, top1)] == [[3.0, 2.0], [0.5]]


def test_a_log_with_many_values_is_cut_and_an_empty_one_is_refused(tmp_path: Path) -> None:
    history = [{"step": 1, **{f"value_{i}": 1.0 for i in range(MOST + 5)}}]
    assert len(figure(history, "run").axes) == MOST
    with pytest.raises(RunError, match="has logged nothing to plot"):
        Run(tmp_path).plot()
