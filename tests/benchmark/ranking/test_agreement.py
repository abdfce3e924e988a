"""Agreement with published orders: tau-b against SciPy, its interval against a loop, and which rows are compared."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from scipy.stats import kendalltau
from scoring import measured, score_of

from iebench.benchmark.commands.leaderboard import leaderboard as command
from iebench.benchmark.errors import UnknownName, UsageError
from iebench.benchmark.python.boards import leaderboard
from iebench.benchmark.ranking.agreement import COLUMNS, agreement, agreements, tau_b
from iebench.benchmark.ranking.board import Board
from iebench.benchmark.ranking.published import published
from iebench.benchmark.report.facts import published_rows
from iebench.benchmark.results.score import Score

TABLE_1 = {"byol": 82.90, "simclr": 81.13, "vicreg": 80.48, "sen": 83.43, "sie": 77.49}


def score(name: str, method: str, seed: int = 0, views: int = 2, **metrics: float) -> Score:
    made = score_of(name, {"whole": {metric: measured(value, 0.03) for metric, value in metrics.items()}})
    return replace(made, run={"method": method, "seed": seed, "settings": {"views": views}})


def board(*scores: Score) -> Board:
    return Board.of({Path(f"{i}.json"): entry for i, entry in enumerate(scores)}, parts=True)


def test_tau_b_is_scipys_with_ties_in_both_orders() -> None:
    generator = np.random.default_rng(0)
    for _ in range(20):
        values, reference = generator.integers(0, 5, (3, 7)).astype(float), generator.integers(0, 4, 7).astype(float)
        if len(set(reference)) > 1:
            expected = [kendalltau(row, reference, variant="b").statistic for row in values]
            assert tau_b(values, reference) == pytest.approx(np.nan_to_num(expected))


def test_the_published_order_itself_has_a_tau_of_1_and_its_reverse_of_minus_1() -> None:
    same = board(*(score(method, method, top1=value / 100) for method, value in TABLE_1.items()))
    assert agreement(same, "top1").tau == 1
    assert agreement(same, "top1").methods == ("sen", "byol", "simclr", "vicreg", "sie")
    reverse = board(*(score(method, method, top1=1 - value / 100) for method, value in TABLE_1.items()))
    assert agreement(reverse, "top1").tau == -1


def test_less_is_better_for_an_error() -> None:
    """Published rotation R2: sie 0.58, simclr 0.35, byol 0.12."""
    errors = {"sie": 50.0, "simclr": 70.0, "byol": 90.0}
    assert (
        agreement(
            board(*(score(m, m, rotation_degrees_mean=e) for m, e in errors.items())), "rotation_degrees_mean"
        ).tau
        == 1
    )


def test_the_interval_is_that_of_a_loop_over_bootstrap_samples_of_objects_and_seeds() -> None:
    runs = [
        score(f"{m}-s{seed}", m, seed, top1=0.5 + 0.01 * i + 0.02 * seed)
        for i, m in enumerate(TABLE_1)
        for seed in (0, 1, 2)
    ]
    made = board(*runs)
    draws = np.array([[s.resamples.drawn("whole", "top1") for s in runs if s.run["method"] == m] for m in TABLE_1])
    chosen = np.random.default_rng(3).integers(0, 3, (3, draws.shape[2]))
    taus = []
    for k in range(draws.shape[2]):
        means = [np.mean([method[seed, k] for seed in chosen[:, k]]) for method in draws]
        taus.append(kendalltau(means, list(TABLE_1.values())).statistic)
    entry = agreement(made, "top1")
    assert (entry.low, entry.high) == pytest.approx(np.quantile(taus, [0.025, 0.975]))


def test_without_bootstrap_samples_there_is_no_interval() -> None:
    scores = [score(method, method, top1=value / 100) for method, value in TABLE_1.items()]
    bare = replace(scores[0], resamples=replace(scores[0].resamples, draws={}))
    entry = agreement(board(bare, *scores[1:]), "top1")
    assert (entry.tau, entry.low, entry.high) == (1, None, None) and "[" not in str(entry)


def test_views_tell_the_rows_of_seq_jepa_apart_and_foreign_rows_are_not_compared() -> None:
    scores = [score(method, method, top1=value / 100) for method, value in TABLE_1.items()]
    scores += [score("jepa", "seq-jepa", views=4, top1=0.99), score("three", "seq-jepa", views=3, top1=0.98)]
    scores += [score("context", "contextssl", top1=0.97), score("mine", "mine", top1=0.96)]
    entry = agreement(board(*scores), "top1")
    assert entry.methods[0] == "jepa" and len(entry.methods) == 6 and entry.tau == 1
    assert agreement(board(*scores[:5], score("jepa", "seq-jepa", views=2, top1=0.01)), "top1").tau < 1


def test_two_settings_of_one_method_are_left_out_by_name() -> None:
    scores = [score(method, method, top1=value / 100) for method, value in TABLE_1.items()]
    wide = replace(scores[0], name="wide", run={**scores[0].run, "settings": {"views": 2, "batch": 9}})
    entry = agreement(board(*scores, wide), "top1")
    assert entry.skipped == ("byol", "wide") and len(entry.methods) == 4 and "left out" in str(entry)


@pytest.mark.parametrize(
    ("kind", "message", "arguments"),
    [
        (UsageError, "fewer than 3 methods", ("top1",)),
        (UsageError, "no published column measures knn_top1", ("knn_top1",)),
        (UnknownName, "unknown published column 'topp1'; did you mean top1", ("top1", "topp1")),
        (UnknownName, "unknown metric 'mrr'", ("mrr",)),
    ],
)
def test_comparisons_that_cannot_be_made(kind: type[Exception], message: str, arguments: tuple[str, ...]) -> None:
    with pytest.raises(kind, match=message):
        agreement(board(score("sie", "sie", top1=0.3), score("sen", "sen", top1=0.3)), *arguments)


def test_an_unknown_table_is_named() -> None:
    with pytest.raises(UnknownName, match=r"unknown published table .* Table 2"):
        agreement(board(score("sie", "sie", top1=0.3)), "top1", table="Table 2")


def test_every_counterpart_is_one_row_of_its_table() -> None:
    keys = [(row.source, row.table, row.dataset, row.run) for row in published() if row.run]
    assert len(set(keys)) == len(keys)
    assert set(COLUMNS) <= set(vars(published()[0]))


def test_command_report_and_python_have_the_same_line(tmp_path: Path) -> None:
    paths = []
    for method, value in TABLE_1.items():
        paths.append(tmp_path / f"{method}.json")
        score(method, method, top1=value / 100).save(paths[-1])
    line = str(leaderboard(paths).agreement("top1"))
    assert line in {str(entry) for entry in agreements(leaderboard(paths).board)}
    assert f"<li>{line}</li>" in published_rows(leaderboard(paths).board)
    for form in ("table", "md"):
        result = CliRunner().invoke(command, [*map(str, paths), "--published", "--format", form])
        assert result.exit_code == 0 and line.split(" [", maxsplit=1)[0] in result.output.replace("\\", "")
    assert "tau" not in CliRunner().invoke(command, list(map(str, paths))).output
