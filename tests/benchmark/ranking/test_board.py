"""The leaderboard: scores that may share one, its order and its marks."""

from dataclasses import replace
from pathlib import Path

import pytest
from scoring import measured, score_of, with_limit

from iebench.benchmark.errors import NotComparable, ScoreFileError, UnknownName, UsageError
from iebench.benchmark.ranking.board import Board, Mark

A, B, C = Path("runs/a/score.json"), Path("runs/b/score.json"), Path("runs/c/score.json")


def whole(**metrics: float) -> dict[str, dict[str, object]]:
    return {"whole": {name: measured(value) for name, value in metrics.items()}}


def test_rows_are_sorted_by_top1_and_parts_follow_their_encoder() -> None:
    low = score_of("low", {**whole(top1=0.2), "invariant": {"top1": measured(0.9)}})  # type: ignore[dict-item]
    high = score_of("high", whole(top1=0.6))  # type: ignore[arg-type]
    board = Board.of({A: low, B: high}, parts=True)
    assert [(row.name, row.part) for row in board.rows] == [("high", "whole"), ("low", "whole"), ("low", "invariant")]
    assert [row.name for row in Board.of({A: low, B: high}, parts=False).rows] == ["high", "low"]
    assert board.has_parts and not Board.of({B: high}, parts=True).has_parts


def test_the_best_is_marked_in_each_metrics_own_direction() -> None:
    first = score_of("one", whole(top1=0.5, rotation_degrees_mean=80.0))  # type: ignore[arg-type]
    second = score_of("two", whole(top1=0.1, rotation_degrees_mean=90.0))  # type: ignore[arg-type]
    rows = {row.name: row.cells for row in Board.of({A: first, B: second}, parts=False).rows}
    assert {m: cell.mark for m, cell in rows["one"].items()} == {"top1": Mark.BEST, "rotation_degrees_mean": Mark.BEST}
    assert {cell.mark for cell in rows["two"].values()} == {Mark.NONE}


@pytest.mark.parametrize(("value", "mark"), [(0.47, Mark.TIED), (0.3, Mark.NONE), (0.5, Mark.BEST)])
def test_what_nothing_beats_beyond_chance_is_tied(value: float, mark: Mark) -> None:
    best, other = score_of("best", whole(mrr=0.5, top1=0.9)), score_of("other", whole(mrr=value, top1=0.1))  # type: ignore[arg-type]
    board = Board.of({A: best, B: other}, parts=False)  # intervals are +- 0.05 wide, bootstrap samples independent
    cell = board.rows[1].cells["mrr"]
    assert cell.mark is mark and cell.rank is not None
    assert (cell.rank.low, cell.rank.high) == ((2, 2) if mark is Mark.NONE else (1, 2))


def test_what_was_not_resampled_has_a_best_and_no_ranks() -> None:
    scores = {}
    for path, value in ((A, 0.3), (B, 0.4)):
        score = score_of(path.parent.name, whole(top1=value, mrr=value))  # type: ignore[arg-type]
        draws = {"whole": {"mrr": score.resamples.draws["whole"]["mrr"]}}
        scores[path] = replace(score, resamples=replace(score.resamples, draws=draws))
    board = Board.of(scores, parts=False)
    cells = [row.cells["top1"] for row in board.rows]
    assert [(cell.mark, cell.rank) for cell in cells] == [(Mark.BEST, None), (Mark.NONE, None)]
    (note,) = board.notes
    assert note.startswith(
        "every run: whole top1 has no bootstrap samples, and its protocol says 50, so no row is ranked"
    )


def test_the_order_follows_any_metric_in_its_direction() -> None:
    first = score_of("one", whole(top1=0.9, rotation_degrees_mean=90.0))  # type: ignore[arg-type]
    second = score_of("two", whole(top1=0.1, rotation_degrees_mean=80.0))  # type: ignore[arg-type]
    third = score_of("three", whole(top1=0.2))  # type: ignore[arg-type]
    board = Board.of({A: first, B: second, C: third}, parts=False, sort="rotation_degrees_mean")
    assert [row.name for row in board.rows] == ["two", "one", "three"]
    with pytest.raises(UsageError, match="no score has mrr of its whole representation: choose from top1"):
        Board.of({A: first}, parts=False, sort="mrr")
    with pytest.raises(UnknownName, match="unknown metric 'topp1'; did you mean top1"):
        Board.of({A: first}, parts=False, sort="topp1")


def test_seeds_are_one_row_and_the_legend_says_so() -> None:
    runs = {
        Path(f"{i}.json"): replace(
            score_of(f"sie-s{i}", whole(top1=0.5 + i / 10)),  # type: ignore[arg-type]
            run={"method": "sie", "seed": i},
        )
        for i in range(2)
    }
    board = Board.of({**runs, C: score_of("other", whole(top1=0.1))}, parts=False)  # type: ignore[arg-type]
    assert [(row.name, row.seeds) for row in board.rows] == [("sie", 2), ("other", 1)]
    assert board.rows[0].cells["top1"].spread is not None and "training seeds" in board.legend
    assert "training seeds" not in Board.of({C: runs[Path("0.json")]}, parts=False).legend


def test_alone_nothing_is_best() -> None:
    only, plain = score_of("only", whole(top1=0.5, mrr=0.2)), score_of("plain", whole(top1=0.1))  # type: ignore[arg-type]
    assert Board.of({A: only, B: plain}, parts=False).rows[0].cells["mrr"].mark is Mark.NONE


def test_parts_compete_with_the_same_part_only() -> None:
    values = {**whole(top1=0.2), "invariant": {"top1": measured(0.9)}}
    other = {**whole(top1=0.6), "invariant": {"top1": measured(0.1)}}
    board = Board.of({A: score_of("a", values), B: score_of("b", other)}, parts=True)  # type: ignore[arg-type]
    best = {(row.name, row.part) for row in board.rows if row.cells["top1"].mark is Mark.BEST}
    assert best == {("b", "whole"), ("a", "invariant")}


def test_metrics_and_floors() -> None:
    board = Board.of({A: score_of("a", whole(mrr=0.5, top5=0.4, top1=0.2))}, parts=False)  # type: ignore[arg-type]
    assert board.metrics == ("top1", "top5", "mrr") and board.columns == ("top1", "mrr")
    assert board.floors == {"top1": 0.1, "top5": 0.1, "mrr": 0.1}


def test_what_may_not_share_a_table() -> None:
    base = score_of("a", whole(top1=0.5))  # type: ignore[arg-type]
    heads = base.protocol.heads
    protocol = replace(base.protocol, heads={**heads, "rotation": replace(heads["rotation"], epochs=9)})
    for other, message in (
        (replace(base, dataset=replace(base.dataset, fingerprint="e" * 64)), "fingerprint ffffffffffff against eeeeee"),
        (
            replace(base, dataset=replace(base.dataset, train_objects=1)),
            r"objects \d+ train and (\d+ val x \d+ views) against 1 train and \1",
        ),
        (with_limit(base, 4), "smoke limit None against 4"),
        (replace(base, pairs={"train": "a" * 64, "val": "c" * 64}), "val pairs bbbbbbbbbbbb against cccccccccccc"),
        (
            replace(base, resamples=replace(base.resamples, digest="e" * 64)),
            r"bootstrap samples \w{12} against eeeee",
        ),
        (
            replace(base, protocol=protocol, protocol_id=protocol.id),
            "protocol's heads.rotation.epochs 3 against 9",
        ),
    ):
        with pytest.raises(NotComparable, match=message) as caught:
            Board.of({A: base, B: base, C: other}, parts=False)
        assert f"{A} and {C}" in str(caught.value)


def test_scores_with_one_name_are_told_apart() -> None:
    first, second = score_of("sie", whole(top1=0.5)), score_of("sie", whole(top1=0.6))  # type: ignore[arg-type]
    assert [row.name for row in Board.of({A: first, B: second}, parts=False).rows] == [f"sie ({B})", f"sie ({A})"]


def test_no_scores() -> None:
    with pytest.raises(ScoreFileError, match="no score files"):
        Board.of({}, parts=False)


def test_a_smoke_run_says_so_in_the_caption() -> None:
    base = score_of("a", whole(top1=0.5))  # type: ignore[arg-type]
    assert "SMOKE" in Board.of({A: with_limit(base, 4)}, parts=False).caption
    assert "SMOKE" not in Board.of({A: base}, parts=False).caption


def test_of_r2_the_protocols_kind_has_a_column_and_known_ceilings_are_told() -> None:
    values = {
        name: replace(measured(0.5), ceiling=top)
        for name, top in (("rotation_r2_mean", 0.9), ("rotation_r2_pooled", 0.95), ("colour_r2_mean", None))
    }
    score = score_of("a", {"whole": values})
    board = Board.of({A: replace(score, protocol=replace(score.protocol, r2="mean"))}, parts=False)
    assert board.columns == ("rotation_r2_mean", "colour_r2_mean")
    assert board.ceilings == {"rotation_r2_mean": 0.9, "rotation_r2_pooled": 0.95} and "ceiling" in board.legend
    board = Board.of({A: replace(score, protocol=replace(score.protocol, r2="pooled"))}, parts=False)
    assert board.columns == ("rotation_r2_pooled",)


def test_what_is_neither_good_nor_bad_is_not_ranked() -> None:
    scores = {path: score_of(path.parent.name, whole(top1=v, share_rotation=v)) for path, v in ((A, 0.2), (B, 0.6))}  # type: ignore[arg-type]
    cells = [row.cells["share_rotation"] for row in Board.of(scores, parts=False).rows]
    assert [(cell.mark, cell.rank) for cell in cells] == [(Mark.NONE, None)] * 2


def test_columns_are_those_that_were_chosen_in_their_order() -> None:
    score = score_of("one", whole(top1=0.9, mrr=0.3, rotation_degrees_mean=90.0, top5=0.95))  # type: ignore[arg-type]
    assert "top5" not in Board.of({A: score}, parts=False).columns
    board = Board.of({A: score}, parts=False, columns=["mrr", "top5"])
    assert board.columns == ("mrr", "top5") and len(board.metrics) == 4
    with pytest.raises(UnknownName, match="unknown metric 'topp5'; did you mean top5"):
        Board.of({A: score}, parts=False, columns=["topp5"])
