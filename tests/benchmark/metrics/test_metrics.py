"""Each metric is described once; probes, tables and checks read that description."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from paths import ROOT
from plugins import install
from scoring import measured, score_of

from iebench.benchmark.errors import UsageError
from iebench.benchmark.fitting.context import PROBES
from iebench.benchmark.metrics import METRICS, STANDARD, by_probe, separation
from iebench.benchmark.metrics.targets import named
from iebench.benchmark.probes import __file__ as probes_file
from iebench.benchmark.ranking.board import Board
from iebench.benchmark.ranking.tables import FORMATS
from iebench.benchmark.report import report
from iebench.benchmark.results.faults import faults_of
from iebench.benchmark.results.score import Score
from iebench.benchmark.statistics.metric_info import MetricInfo, info_faults, name_fault
from iebench.manifests.factors import factor_groups
from iebench.manifests.recipe import load

RIVALS = {"worse": 0.3, "better": 0.6}
SPREAD = MetricInfo("spread", "deviation of all columns", higher=False, package="theirs")


def test_the_probes_declare_exactly_the_metrics_of_their_files() -> None:
    declared = dict(separation.SEPARATION)
    for probe in filter(PROBES.ours, PROBES):
        for metric, info in PROBES[probe].declared(STANDARD).items():
            assert declared.setdefault(metric, info) == info
    assert declared == dict(METRICS)
    assert by_probe().keys() <= {path.stem for path in Path(probes_file).parent.rglob("*.py")}


def test_every_description_can_be_shown_and_names_its_floor() -> None:
    assert all(info.floor and not name_fault(name) and not list(info_faults(info)) for name, info in METRICS.items())
    assert len({info.title for info in METRICS.values()}) == len(METRICS)
    percent = {name for name, info in METRICS.items() if info.factor == 100}
    assert percent == {name for name, info in METRICS.items() if info.unit == "%"}


def test_every_metric_is_documented() -> None:
    """In the pages on protocols and descriptions, maybe by a pattern such as `share_*`, or for another number."""
    pages = (ROOT / "docs" / "background" / f"{name}.md" for name in ("protocols", "descriptions"))
    spans = {span for page in pages for span in re.findall(r"`([a-z*A-Z0-9_]+)`", page.read_text(encoding="utf-8"))}
    patterns = [re.sub(r"[A-Z]{3,}|\*", "@", span) for span in spans if re.search("[a-z]", span)]
    known = re.compile("|".join(re.sub(r"[0-9]+", "[0-9]+", span).replace("@", r"\w+") for span in patterns))
    assert [metric for metric in METRICS if not known.fullmatch(metric)] == []
    assert not known.fullmatch("purity") and not known.fullmatch("knn_top1_again")


@pytest.mark.parametrize(("groups", "kept"), [
    (["hue", "hue_composed", "size"], ["hue", "size"]),
    (["hue_composed", "size"], ["hue_composed", "size"]),
    (["rotation_composed", "colour", "translation_base", "colour_composed", "size"], ["size"]),
])  # fmt: skip
def test_no_two_groups_name_one_metric(groups: list[str], kept: list[str]) -> None:
    factor = load("factors/object-scale").factors[-1]
    factors = [replace(factor, name=f"factor_{i}", group=group) for i, group in enumerate(groups)]
    named_groups, notes = named(factor_groups(factors))
    assert [group.name for group in named_groups] == kept and len(notes) == len(groups) - len(kept)
    assert all("is not probed, since its metrics would have the names of others" in note for note in notes)
    fixed = {name for metrics in by_probe(()).values() for name in metrics}
    each = [name for group in named_groups for metrics in by_probe((group,)).values() for name in metrics]
    own = [name for name in each if name not in fixed]
    assert len(own) == len(set(own)) > 0


def two(**metrics: MetricInfo) -> dict[Path, Score]:
    """Return scores of two encoders, with a metric "spread" beside top1, described by `metrics`."""
    scores = {}
    for name, value in (("good", 0.2), ("bad", 0.7)):
        score = score_of(name, {"whole": {"top1": measured(0.5), "spread": measured(value)}})
        score.metrics.update(metrics)
        scores[Path(name)] = score
    return scores


def test_a_metric_of_an_installed_package_is_ranked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, monkeypatch, PROBES, {"spread": "spread_probe"}, spread_probe="")
    board = Board.of(two(spread=SPREAD), parts=False, sort="spread")
    assert [row.name for row in board.rows] == ["good", "bad"] and board.has_ranks and not board.unranked
    assert board.infos["spread"] == SPREAD and board.notes == ()


@pytest.mark.parametrize(("metrics", "reason"), [
    ({"spread": SPREAD}, "spread: not ranked, since the package theirs, whose probe measures it, is not installed"),
    ({}, "spread: not ranked, since neither this iebench nor the score file describes it: update iebench"),
])  # fmt: skip
def test_an_unknown_metric_is_shown_and_not_ranked(metrics: dict[str, MetricInfo], reason: str) -> None:
    scores = two(**metrics)
    board = Board.of(scores, parts=False)
    assert board.sort == "top1" and board.notes[0].startswith(reason)
    cells = [row.cells["spread"] for row in board.rows]
    assert [cell.rank for cell in cells] == [None, None] and {cell.mark.value for cell in cells} == {""}
    assert board.infos["spread"].title == "spread (unknown)"
    assert "spread" in FORMATS["csv"](board) and "spread (unknown)" in report(scores, None)
    assert reason in FORMATS["md"](board)
    with pytest.raises(UsageError, match=r"^spread is not ranked: "):
        Board.of(scores, parts=False, sort="spread")
    described = bool(metrics)
    assert all((faults_of(score) == []) is described for score in scores.values())


def test_a_metric_without_a_package_is_iebenchs_own() -> None:
    board = Board.of(two(spread=MetricInfo("spread", "of a factor", higher=False)), parts=False, sort="spread")
    assert [row.name for row in board.rows] == ["good", "bad"] and board.has_ranks


def test_a_score_file_cannot_redefine_a_metric_of_iebench() -> None:
    scores = {Path(name): score_of(name, {"whole": {"top1": measured(value)}}) for name, value in RIVALS.items()}
    for score in scores.values():
        score.metrics["top1"] = MetricInfo("mine", "less is better", higher=False)
    board = Board.of(scores, parts=False)
    assert [row.name for row in board.rows] == ["better", "worse"] and board.infos["top1"] == METRICS["top1"]


def test_a_name_that_breaks_a_page_is_no_metric() -> None:
    score = score_of("a", {"whole": {"top1": measured(0.5), "a b": measured(0.5)}})
    assert faults_of(score)[0].startswith("a metric must have a name of at most 60 letters, digits and _")
