"""Training seeds of one method share a row; no other scores do."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scoring import measured, score_of

from iebench.benchmark.ranking.seeds import grouped, over_seeds
from iebench.benchmark.results.score import Score


def trained(name: str, value: float, seed: int, part: float | None = None, **changed: Any) -> Score:
    parts = {} if part is None else {"invariant": {"top1": measured(part)}}
    run = {"method": "sie", "settings": {"batch": 64}, "seed": seed, "device": f"cpu {seed}", **changed}
    return replace(score_of(name, {"whole": {"top1": measured(value)}, **parts}), run=run)


def by_file(*scores: Score) -> Mapping[Path, Score]:
    return {Path(f"{i}.json"): score for i, score in enumerate(scores)}


def test_seeds_share_a_row_with_mean_spread_and_a_joint_interval() -> None:
    values = [0.4, 0.5, 0.6]
    scores = by_file(*(trained(f"sie-builtin-s{i}", value, i) for i, value in enumerate(values)))
    [group] = grouped(scores)
    assert group.name == "sie-builtin" and list(group.scores) == list(scores)
    value = group.values("whole")["top1"]
    assert value.estimate.value == pytest.approx(0.5) and value.spread == pytest.approx(0.1)
    assert value.draws is not None and value.draws.shape == (50,)
    assert (value.estimate.low, value.estimate.high) == pytest.approx(tuple(np.quantile(value.draws, [0.025, 0.975])))
    assert value.estimate.high - value.estimate.low > 0.1  # seeds differ by more than objects do (0.1 over root 3)


def test_what_is_not_a_seed_apart_is_not_joined() -> None:
    scores = by_file(
        trained("a", 0.4, 0),
        trained("b", 0.5, 1, settings={"batch": 32}),
        trained("c", 0.5, 2, method="vicreg"),
        replace(trained("d", 0.5, 3), seed=7),
        trained("again", 0.4, 0),
        score_of("mine", {"whole": {"top1": measured(0.3)}}),
        score_of("mine", {"whole": {"top1": measured(0.2)}}),
    )
    assert [group.name for group in grouped(scores)] == ["a", "b", "c", "d", "again", "mine (5.json)", "mine (6.json)"]


def test_runs_from_before_a_setting_was_there_are_those_that_name_what_they_did() -> None:
    named = {"batch": 64, "passes": "together"}
    assert len(grouped(by_file(trained("a-s0", 0.4, 0), trained("a-s1", 0.5, 1, settings=named)))) == 1
    named["passes"] = "apart"
    assert len(grouped(by_file(trained("a-s0", 0.4, 0), trained("a-s1", 0.5, 1, settings=named)))) == 2


def test_names_without_a_common_beginning_give_way_to_the_methods() -> None:
    [group] = grouped(by_file(trained("first", 0.4, 0), trained("second", 0.5, 1)))
    assert group.name == "sie"


def test_only_what_all_seeds_have_is_shown() -> None:
    [group] = grouped(by_file(trained("x-s0", 0.4, 0, part=0.2), trained("x-s1", 0.5, 1, part=0.3)))
    assert group.values("invariant")["top1"].estimate.value == pytest.approx(0.25)
    first = trained("x-s0", 0.4, 0)
    second = replace(
        first, values={"whole": {"top1": measured(0.5), "mrr": measured(0.2)}}, run={**first.run, "seed": 1}
    )
    [group] = grouped(by_file(first, second))
    assert list(group.values("whole")) == ["top1"]


def test_draws_of_seeds_and_objects_have_the_variance_of_both() -> None:
    generator = np.random.default_rng(0)
    effects = np.array([-1.0, 0.0, 1.0])
    draws = effects[:, None] + generator.normal(0, 0.5, 20_000)  # the same objects for all seeds
    joint = over_seeds(draws)
    expected = 0.25 + effects.var() / 3  # variance of the mean of three effects drawn with replacement
    assert joint.mean() == pytest.approx(0, abs=0.02) and joint.var() == pytest.approx(expected, rel=0.05)
    np.testing.assert_array_equal(over_seeds(draws), joint)
