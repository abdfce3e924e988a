"""Ranking over several metrics: against SciPy's ranks and a slow loop, with rows that lack a metric, and as text."""

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from scipy.stats import rankdata
from scoring import measured, score_of

from iebench.benchmark.commands.leaderboard import leaderboard as command
from iebench.benchmark.errors import UnknownName, UsageError
from iebench.benchmark.python.boards import leaderboard
from iebench.benchmark.ranking.board import Board
from iebench.benchmark.ranking.overall import FORMATS, overall
from iebench.benchmark.statistics.bootstrap import interval

TOP1, ERROR, MRR = "top1", "rotation_degrees_mean", "mrr"
VALUES: dict[str, dict[str, float]] = {
    "a": {TOP1: 0.8, ERROR: 50.0, MRR: 0.3},
    "b": {TOP1: 0.6, ERROR: 20.0, MRR: 0.4},
    "c": {TOP1: 0.6, ERROR: 60.0},
    "d": {TOP1: 0.2, ERROR: 60.0},
}


def board(values: dict[str, dict[str, float]]) -> Board:
    scores = {
        Path(name): score_of(name, {"whole": {m: measured(v, 0.1 * abs(v)) for m, v in row.items()}})
        for name, row in values.items()
    }
    return Board.of(scores, parts=True)


def test_mean_ranks_are_scipys_and_with_all_metrics_borda_follows_from_them() -> None:
    standings = {s.row.name: s for s in overall(board(VALUES), [TOP1, ERROR])}
    ranks = (rankdata([-VALUES[n][TOP1] for n in VALUES]) + rankdata([VALUES[n][ERROR] for n in VALUES])) / 2
    assert [standings[name].rank[0] for name in VALUES] == pytest.approx(list(ranks))
    assert [standings[name].borda[0] for name in VALUES] == pytest.approx(list((4 - ranks) / 3))


def test_the_best_mean_rank_is_first_and_a_missing_metric_takes_no_part() -> None:
    standings = overall(board(VALUES), [TOP1, ERROR, MRR])
    assert [s.row.name for s in standings][:2] == ["b", "a"] and [s.metrics for s in standings] == [3, 3, 2, 2]
    by_name = {s.row.name: s for s in standings}
    assert by_name["a"].rank[0] == pytest.approx((1 + 2 + 2) / 3)
    assert by_name["a"].borda[0] == pytest.approx((1 + 2 / 3 + 0) / 3)


def test_intervals_are_those_of_a_loop_over_bootstrap_samples() -> None:
    table = board(VALUES)
    rows = {row.name: row.group.values("whole") for row in table.rows}
    names, metrics = list(rows), [TOP1, ERROR]
    means = []
    for sample in range(len(rows["a"][TOP1].draws)):  # type: ignore[arg-type]
        ranks = np.zeros(len(names))
        for metric, sign in ((TOP1, -1), (ERROR, 1)):
            ranks += rankdata([sign * rows[name][metric].draws[sample] for name in names])  # type: ignore[index]
        means.append(ranks / len(metrics))
    ends = interval(np.array(means), table.about.protocol.level)
    for standing in overall(table, metrics):
        assert standing.rank[1:] == pytest.approx(tuple(ends[:, names.index(standing.row.name)]))


def test_methods_that_are_the_same_share_the_middle() -> None:
    same = {name: {TOP1: 0.5, ERROR: 30.0} for name in "abc"}
    assert [(s.rank[0], s.borda[0]) for s in overall(board(same), [TOP1, ERROR])] == [(2.0, 0.5)] * 3


def test_what_cannot_be_ranked_is_refused() -> None:
    with pytest.raises(UsageError, match="needs two of them, as in top1,rotation_degrees_mean"):
        overall(board(VALUES), [TOP1, TOP1])
    with pytest.raises(UnknownName, match=r"unknown metric 'top'; did you mean top1\?"):
        overall(board(VALUES), ["top", ERROR])
    with pytest.raises(UsageError, match="needs two rows: score more encoders"):
        overall(board({"a": VALUES["a"]}), [TOP1, ERROR])


def test_it_follows_the_table_and_names_its_metrics(tmp_path: Path) -> None:
    for form in FORMATS:
        text = FORMATS[form](board(VALUES), [TOP1, ERROR])
        assert "Over top-1 %, rotation error °" in text and "mean rank" in text and "2 of 2" in text
    for row in board(VALUES).rows:
        [score] = row.group.scores.values()
        score.save(tmp_path / f"{row.name}.json")
    files = [str(path) for path in sorted(tmp_path.glob("*.json"))]
    assert leaderboard(files).overall(TOP1, ERROR)[0].row.name == "a"
    done = CliRunner().invoke(command, [*files, "--overall", f"{TOP1}, {ERROR}", "--format", "md"])
    assert done.exit_code == 0 and "| row | mean rank | Borda % | metrics |" in done.output
    assert CliRunner().invoke(command, [*files, "--overall", TOP1, "--format", "csv"]).exit_code == 2
