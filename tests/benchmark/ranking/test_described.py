"""Descriptions have a table of their own on the screen."""

from dataclasses import replace
from pathlib import Path

from click import unstyle
from scoring import measured, score_of

from iebench.benchmark.ranking.board import Board
from iebench.benchmark.ranking.described import described


def test_every_unranked_metric_is_a_line_with_its_parts() -> None:
    values = {"whole": {"top1": measured(0.5), "effective_rank": measured(42.04, 1.0)}, "hue": {"lidar": measured(3.0)}}
    text = described(Board.of({Path("a"): score_of("a", values)}, parts=True))
    assert "whole" in text.splitlines()[0] and "hue" in text.splitlines()[0] and "top-1" not in text
    line = next(line for line in text.splitlines() if "effective rank" in line)
    assert "42.0 [41.0, 43.0]" in line and "–" in line


def test_a_known_ceiling_has_a_column() -> None:
    values = {"lidar": measured(3.0), "match_5": replace(measured(0.2), ceiling=0.9)}
    board = Board.of({Path("a"): score_of("a", {"whole": {"top1": measured(0.5), **values}})}, parts=True)
    title, *lines = unstyle(described(board)).splitlines()
    assert title.split()[-2:] == ["floor", "ceiling"]
    ends = {line.strip().split("  ")[0]: line.split()[-2:] for line in lines}
    assert ends["match within 5 %"] == ["10.0", "90.0"] and ends["LiDAR"] == ["0.1", "–"]
    without = Board.of(
        {Path("a"): score_of("a", {"whole": {"top1": measured(0.5), "lidar": measured(3.0)}})}, parts=True
    )
    assert "ceiling" not in described(without)
