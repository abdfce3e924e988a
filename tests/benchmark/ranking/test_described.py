"""Descriptions have a table of their own on the screen."""

from pathlib import Path

from scoring import measured, score_of

from iebench.benchmark.ranking.board import Board
from iebench.benchmark.ranking.described import described


def test_every_unranked_metric_is_a_line_with_its_parts() -> None:
    values = {"whole": {"top1": measured(0.5), "effective_rank": measured(42.04, 1.0)}, "hue": {"lidar": measured(3.0)}}
    text = described(Board.of({Path("a"): score_of("a", values)}, parts=True))
    assert "whole" in text.splitlines()[0] and "hue" in text.splitlines()[0] and "top-1" not in text
    line = next(line for line in text.splitlines() if "effective rank" in line)
    assert "42.0 [41.0, 43.0]" in line and "–" in line
