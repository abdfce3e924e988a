"""The table of a sweep: means and deviations over seeds against numpy's."""

import re

import numpy as np
import pytest
from scoring import measured, score_of

from iebench.benchmark.results import Score
from iebench.benchmark.sweep.table import markdown, rows


def scores(*values: float, part: bool = False) -> list[Score]:
    return [
        score_of(
            "x",
            {"whole": {"top1": measured(v), "mrr": measured(v / 2)}}
            | ({"invariant": {"top1": measured(v)}} if part else {}),
        )
        for v in values
    ]


def test_rows_are_means_and_deviations_the_best_first_and_parts_after_their_whole() -> None:
    groups = {"low": scores(0.1, 0.2), "high wide": scores(0.5, 0.7, 0.65, part=True), "single": scores(0.3)}
    text = markdown(rows(groups), ("top1", "mrr"), {"top1": 0.02, "mrr": 0.25}, "dataset x")
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")
    ]
    assert [line[:3] for line in cells] == [
        ["method", "part", "seeds"], ["---", "---", "---:"], ["**high wide**", "whole", "3"], ["", "invariant", ""],
        ["**single**", "whole", "1"], ["**low**", "whole", "2"], ["floor", "", ""],
    ]  # fmt: skip
    mean, deviation = re.fullmatch(r"(\d+\.\d) ± (\d+\.\d)", cells[2][3]).groups()  # type: ignore[union-attr]
    assert float(mean) == pytest.approx(100 * np.mean([0.5, 0.7, 0.65]), abs=0.05)
    assert float(deviation) == pytest.approx(100 * np.std([0.5, 0.7, 0.65], ddof=1), abs=0.05)
    assert cells[3][4] == "–" and cells[4][3:] == ["30.0", "0.150"] and cells[6][3:] == ["2.0", "0.250"]
    assert text.endswith(
        "dataset x. Mean ± standard deviation over training seeds; floor: a constant or chance answer."
    )
