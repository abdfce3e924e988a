"""Cost columns: means over seeds, unknown costs, and the same cells in every form."""

import csv
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from scoring import measured, score_of

from iebench.benchmark.commands.leaderboard import leaderboard as command
from iebench.benchmark.python.boards import leaderboard
from iebench.benchmark.ranking.costs import TITLES, cells, cost_of, energy_of
from iebench.benchmark.ranking.seeds import SeedGroup
from iebench.benchmark.results.score import Cost, Score


def score(name: str, cost: Cost, seed: int = 0) -> Score:
    made = score_of(name, {"whole": {"top1": measured(0.5)}, "invariant": {"top1": measured(0.4)}})
    return replace(made, cost=cost, run={"method": "sie", "seed": seed})


def test_hours_and_speed_are_means_over_seeds_of_what_is_known() -> None:
    costs = [Cost(2_000_000, 100.0, 0.5, "cpu"), Cost(2_000_000, 300.0, 1.0, "cpu"), Cost(2_000_000)]
    group = SeedGroup("sie", {Path(str(i)): score(f"s{i}", cost, i) for i, cost in enumerate(costs)})
    assert cost_of(group) == Cost(2_000_000, 200.0, 0.75, "cpu")
    assert cells(group) == ["2.0 M", "0.75 cpu", "0.0075", "200"]


def test_seeds_on_two_kinds_of_device_are_both_named() -> None:
    costs = [Cost(1, None, 1.0, "cpu"), Cost(1, None, 3.0, "cuda")]
    group = SeedGroup("sie", {Path(str(i)): score(f"s{i}", cost, i) for i, cost in enumerate(costs)})
    assert cells(group)[1:] == ["2 cpu, cuda", "0.6", "–"]  # 10 W for 1 h, 400 W for 3 h


def test_a_file_of_features_has_no_known_cost() -> None:
    assert cells(SeedGroup("features", {Path("a"): score("features", Cost())})) == ["–"] * len(TITLES)


@pytest.mark.parametrize("cost", [Cost(1, None, None, "cpu"), Cost(1, None, 2.0), Cost(1, None, 2.0, "other")])
def test_energy_without_hours_or_of_another_device_is_unknown(cost: Cost) -> None:
    assert energy_of(SeedGroup("a", {Path("a"): score("a", cost)})) is None


def test_csv_has_the_means_over_seeds_and_the_energy(tmp_path: Path) -> None:
    for seed, hours in enumerate((1.0, 2.0)):
        score("sie", Cost(5, None, hours, "cuda"), seed).save(tmp_path / f"{seed}.json")
    paths = [str(tmp_path / f"{seed}.json") for seed in (0, 1)]
    (row,) = csv.DictReader(CliRunner().invoke(command, [*paths, "--format", "csv"]).stdout.splitlines())
    assert (row["seeds"], row["training_hours"]) == ("2", "1.5") and float(row["training_kwh"]) == pytest.approx(0.6)


@pytest.mark.parametrize("form", ["table", "md", "latex"])
def test_every_form_has_the_columns_and_only_when_asked_for(tmp_path: Path, form: str) -> None:
    path = tmp_path / "a.json"
    score("a", Cost(11_176_512, 812.0, 0.031, "cpu")).save(path)
    shown = CliRunner().invoke(command, [str(path), "--parts", "--costs", "--format", form]).output
    for word in (*TITLES, "11.2 M", "0.031 cpu", "812"):
        assert word in shown
    assert "11.2 M" not in CliRunner().invoke(command, [str(path), "--format", form]).output
    assert "11.2 M" in str(leaderboard([path], costs=True)) and "11.2 M" in leaderboard([path], costs=True).to_html()


def test_csv_has_costs_anyway(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    score("a", Cost(11_176_512)).save(path)
    result = CliRunner().invoke(command, [str(path), "--costs", "--format", "csv"])
    assert result.exit_code == 2 and "csv always has them" in result.output
    assert "11176512" in CliRunner().invoke(command, [str(path), "--format", "csv"]).output
