"""The sentences under a leaderboard: every rule, on made-up values of intervals of 0.01 or 1 degree to either side."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scoring import measured, score_of

from iebench.benchmark.metrics import METRICS
from iebench.benchmark.ranking.board import Board
from iebench.benchmark.ranking.conclusion import conclusion
from iebench.benchmark.ranking.lead import Lead
from iebench.benchmark.ranking.seeds import Value
from iebench.benchmark.ranking.tables import FORMATS
from iebench.benchmark.report import report
from iebench.benchmark.results.score import Score
from iebench.benchmark.statistics.bootstrap import Estimate

DEGREES = "rotation_degrees_mean"


def entries(top1: float | None = None, degrees: float | None = None, mrr: float | None = None) -> dict[str, Estimate]:
    made = {
        "top1": top1 is not None and measured(top1, 0.01, 0.1),
        DEGREES: degrees is not None and measured(degrees, 1.0, 60.0),
        "mrr": mrr is not None and measured(mrr, 0.01, 0.275),
    }
    return {metric: entry for metric, entry in made.items() if entry}


def score(name: str, method: str = "", **parts: dict[str, Estimate]) -> Score:
    run = {"method": method or name, "seed": 0}
    return replace(score_of(name, parts), run=run)


def concluded(*scores: Score, parts: bool = True) -> list[str]:
    return conclusion(Board.of({Path(f"{i}.json"): score for i, score in enumerate(scores)}, parts))


def without_samples(whole: Score) -> Score:
    return replace(whole, resamples=replace(whole.resamples, draws={}))


def test_a_leader_and_those_that_are_worse_beyond_chance() -> None:
    first, *_ = concluded(
        score("a", whole=entries(0.5)), score("b", whole=entries(0.3)), score("c", whole=entries(0.2))
    )
    assert first == "a leads in class with a top-1 of 50.0 % (floor 10.0 %); all others are worse beyond chance."


def test_those_that_are_not_worse_beyond_chance_are_named() -> None:
    [first] = concluded(
        score("a", whole=entries(0.5)), score("b", whole=entries(0.499)), score("c", whole=entries(0.2))
    )
    assert first == "a leads in class with a top-1 of 50.0 % (floor 10.0 %); as good within chance: b."


def test_an_untrained_rival_is_called_so() -> None:
    [first] = concluded(score("a", whole=entries(0.5)), score("b", "random", whole=entries(0.499)))
    assert first.endswith("; as good within chance: b (untrained).")


def test_less_is_better_where_the_metric_says_so() -> None:
    [first] = concluded(score("a", whole=entries(degrees=50.0)), score("b", whole=entries(degrees=40.0)))
    assert first == (
        "b leads in rotation with a rotation error of 40.0° (floor 60.0°); all others are worse beyond chance."
    )


@pytest.mark.parametrize("value", [0.1, 0.105, 0.02])
def test_nothing_beyond_chance(value: float) -> None:
    [first] = concluded(score("a", whole=entries(value)), score("b", whole=entries(0.01)))
    assert first == (
        f"No method predicts the class better than chance: the best top-1 is that of a, {100 * value:.1f} %, and the "
        "floor is 10.0 %."
    )


def test_one_method_leads_nobody() -> None:
    assert concluded(score("a", whole=entries(0.5))) == [
        "a predicts the class beyond chance: its top-1 is 50.0 % (floor 10.0 %)."
    ]


def test_labels_lead_nothing_and_are_named_where_they_are_better() -> None:
    a, b = score("a", whole=entries(0.5, 50.0)), score("b", whole=entries(0.3, 55.0))
    labels = score("upper", "supervised-rotation", whole=entries(0.4, 20.0))
    in_class, in_rotation = concluded(a, b, labels)
    assert in_class.endswith("(floor 10.0 %); all others are worse beyond chance.") and "upper" not in in_class
    assert in_rotation.startswith("a leads in rotation with a rotation error of 50.0°")
    assert in_rotation.endswith(" Trained on labels, upper reaches 20.0°.")
    assert concluded(labels) == []
    _, nothing = concluded(score("a", whole=entries(0.5, 60.0)), labels)
    assert nothing.startswith("No method trained without labels predicts the rotation better than chance: ")


def test_a_metric_that_no_score_has_is_left_out_and_one_that_some_have_is_about_them() -> None:
    some = concluded(score("a", whole=entries(0.5)), score("b", whole=entries(0.3, 50.0)))
    assert [line.split(" (")[0] for line in some] == [
        "a leads in class with a top-1 of 50.0 %", "b predicts the rotation beyond chance: its rotation error is 50.0°",
    ]  # fmt: skip
    assert concluded(score("a", whole={"h1": measured(0.2)})) == []


def test_without_bootstrap_samples_nothing_is_beyond_chance() -> None:
    a, b = score("a", whole=entries(0.5, mrr=0.5)), score("b", whole=entries(0.3))
    assert concluded(without_samples(a), b) == [
        "a has the best top-1, 50.0 % (floor 10.0 %); without bootstrap samples it may be by chance."
    ]


def test_the_older_rotation_metric_serves_where_degrees_are_missing() -> None:
    [first] = concluded(score("a", whole={"rotation_r2_mean": measured(0.5, 0.01, 0.0)}))
    assert first == "a predicts the rotation beyond chance: its rotation R² mean is 0.500 (floor 0.000)."


@pytest.mark.parametrize(
    ("invariant", "equivariant", "clauses"),
    [
        (
            entries(0.5, 55.0), entries(0.3, 40.0),
            "the equivariant part holds the pose (40.0°, invariant 55.0°); the invariant part holds the class (50.0 %, "
            "equivariant 30.0 %)",
        ),
        (
            entries(0.5, 50.1), entries(0.499, 50.0),
            "no part holds the pose better than the others beyond chance (equivariant 50.0°, invariant 50.1°); no part "
            "holds the class better than the others beyond chance (invariant 50.0 %, equivariant 49.9 %)",
        ),
        (
            entries(0.05, 61.0), entries(0.1, 60.0),
            "no part holds the pose beyond chance (equivariant 60.0°); no part holds the class beyond chance "
            "(equivariant 10.0 %)",
        ),
        (entries(0.5), entries(0.3, 40.0), "the invariant part holds the class (50.0 %, equivariant 30.0 %)"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("rows", [True, False])
def test_the_inside_of_a_method(
    invariant: dict[str, Estimate], equivariant: dict[str, Estimate], clauses: str, rows: bool
) -> None:
    sie = score("sie", whole=entries(mrr=0.4), invariant=invariant, equivariant=equivariant)
    assert concluded(sie, parts=rows) == [
        f"Inside sie, {clauses}; its predictor retrieves the rotated view beyond chance (MRR 0.400, floor 0.275)."
    ]


@pytest.mark.parametrize("mrr", [0.276, 0.275, 0.2])
def test_a_predictor_at_chance_and_one_without_parts(mrr: float) -> None:
    assert concluded(score("sen", whole=entries(mrr=mrr))) == [
        f"The predictor of sen retrieves the rotated view no better than chance (MRR {mrr:.3f}, floor 0.275)."
    ]


def test_sie_is_described_first_then_the_best_in_rotation_and_no_third() -> None:
    others = [score(name, whole=entries(degrees=degrees, mrr=0.4)) for name, degrees in (("x", 50.0), ("y", 40.0))]
    sie = score("mine", "sie", whole=entries(degrees=55.0, mrr=0.4))
    described = [line.split(" retrieves")[0] for line in concluded(*others, sie) if "retrieves" in line]
    assert described == ["The predictor of mine", "The predictor of y"]
    assert [line.split(" retrieves")[0] for line in concluded(*others)][1:] == [
        "The predictor of y",
        "The predictor of x",
    ]


def test_a_second_setting_of_sie_takes_the_place_of_no_other_method() -> None:
    rows = {"a": "sen", "b": "sie", "c": "sie"}
    degrees = {"a": 20.0, "b": 50.0, "c": 40.0}
    *_, first, second = concluded(*(score(n, rows[n], whole=entries(degrees=degrees[n], mrr=0.5)) for n in rows))
    assert first.startswith("The predictor of c ") and second.startswith("The predictor of a ")


def test_a_lead_agrees_with_the_ranks_of_the_board() -> None:
    generator = np.random.default_rng(0)
    scores = {
        Path(f"{i}"): score(f"m{i}", whole=entries(value)) for i, value in enumerate(generator.uniform(0.1, 0.2, 9))
    }
    board = Board.of(scores, parts=False)
    values: dict[str, Value] = {row.name: row.group.values("whole")["top1"] for row in board.rows}
    lead = Lead.of(values, METRICS["top1"], board.about.protocol.level)
    tied = [row.name for row in board.rows if (rank := row.cells["top1"].rank) and rank.low == 1]
    assert list(lead.names) == [row.name for row in board.rows]
    assert [lead.names[0], *lead.rivals] == tied and 1 < len(tied) < 9


def test_the_table_its_markdown_and_the_report_have_the_same_sentences() -> None:
    scores = {Path(name): score(name, whole=entries(top1, mrr=0.4)) for name, top1 in (("a", 0.5), ("b", 0.3))}
    board = Board.of(scores, parts=True)
    pages = [FORMATS["table"](board), FORMATS["md"](board).replace("\\", ""), report(scores, None)]
    assert len(conclusion(board)) == 3
    assert all(sentence in page for sentence in conclusion(board) for page in pages)
