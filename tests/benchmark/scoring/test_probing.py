"""Probes of other packages run beside ours; a broken one fails alone, with one sentence."""

from dataclasses import replace
from pathlib import Path

import pytest
from plugins import forget, install
from scoring import context_of, random_split

from iebench.benchmark.errors import ProbeError
from iebench.benchmark.fitting.context import ORDER, PROBES, probe
from iebench.benchmark.scoring.probing import run
from iebench.benchmark.statistics.metric_info import WHOLE, MetricInfo

HEAD = """
import numpy as np
from iebench.benchmark.statistics.bootstrap import Mean, Estimate
from iebench.benchmark.statistics.metric_info import MetricInfo
from iebench.benchmark.fitting.context import probe

@probe("first", metrics={"first": MetricInfo("first", "mean of the first column")})
def first(context):
    column = Mean.of(context.val.features[:, 0].astype(float), context.val.image_objects)
    value = context.bootstrap.measure(column, 0.0)
    part = Mean.of(np.ones(4), np.repeat(np.arange(2), 2))
"""
FIRST = f"{HEAD}    return {{'whole': {{'first': value}}}}\n"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let all of our probes but one measure nothing, for speed, and remove the probes that a test registers."""
    mute = {name: replace(PROBES[name], function=lambda context: {}) for name in filter(PROBES.ours, PROBES)}
    monkeypatch.setattr(PROBES, "_entries", {**mute, "neighbours": PROBES["neighbours"]})
    monkeypatch.setattr(PROBES, "_modules", dict(PROBES._modules))


def test_our_probes_run_in_the_order_of_score_files_and_those_of_others_after_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, monkeypatch, PROBES, {"first": "their_probe", "a": "their_probe"}, their_probe=FIRST)
    assert list(PROBES)[: len(ORDER)] == list(ORDER) and list(PROBES)[-2:] == ["a", "first"]


def test_a_probe_of_another_package_runs_with_ours_and_declares_its_metrics(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    split = random_split(12, 4)
    install(tmp_path, monkeypatch, PROBES, {"first": "their_probe"}, their_probe=FIRST)
    context = context_of(split, split)
    entries = run(context)[WHOLE]
    assert entries["first"].value == pytest.approx(split.features[:, 0].mean(), rel=1e-6)
    assert entries.keys() == {"knn_top1", "first"} and context.notes == []
    assert context.metrics == {"first": MetricInfo("first", "mean of the first column", package="theirs")}
    assert context.packages == {"theirs": "1.0"}


def test_a_probe_of_a_script_or_notebook_runs_too(monkeypatch: pytest.MonkeyPatch) -> None:
    forget(monkeypatch, PROBES, "first")
    exec(FIRST, {"__name__": "__main__"})
    split = random_split(8, 3)
    context = context_of(split, split)
    assert run(context)[WHOLE].keys() == {"knn_top1", "first"} and context.packages == {}


@pytest.mark.parametrize(("code", "message"), [
    ("1 / 0", "cannot be imported (ZeroDivisionError: division by zero)"),
    ("import nowhere_to_be_found", "cannot be imported (ModuleNotFoundError: No module named 'nowhere_to_be_found')"),
    ("raise SystemExit(3)", "cannot be imported (SystemExit: 3)"),
    ("", "their_probe does not register the probe 'first'"),
    (FIRST.replace("metrics={", "metrics=dict() and {"), "declares no metrics"),
    (FIRST.replace('{"first"', '{"top1"'), "measures top1, which is iebench's own"),
    (FIRST.replace('{"first"', '{"First <b>"'), "must have a name of at most 60 letters"),
    (FIRST.replace('"mean of', '"\\n'), "has an about that holds a line break"),
    (FIRST.replace('probe("first"', 'probe("neighbours"'), "the probe 'neighbours' belongs to iebench: choose"),
    (f"{HEAD}    raise KeyError('x')", "their_probe, of the probe 'first', failed (KeyError: 'x')"),
    (f"{HEAD}    raise SystemExit(0)", "failed (SystemExit: 0)"),
    (f"{HEAD}    return None", "returned NoneType, and not part -> metric -> value"),
    (f"{HEAD}    return {{'whole': 0.5}}", "returned float for whole, and not metric -> value"),
    (f"{HEAD}    return {{'elsewhere': {{'first': value}}}}", "returned values of the part 'elsewhere'"),
    (f"{HEAD}    return {{'whole': {{'second': value}}}}", "the metric 'second', which it does not declare"),
    (f"{HEAD}    return {{'whole': {{'first': 0.5}}}}", "for first float, and not what `context.bootstrap"),
    (f"{HEAD}    return {{'whole': {{'first': Estimate(0, 0, 0, 0, 1, 1)}}}}", "for first Estimate, and not what"),
    (f"{HEAD}    return {{'whole': {{'first': context.bootstrap.measure(column, float('nan'))}}}}", "are not finite"),
    (f"{HEAD}    return {{'whole': {{'first': context.bootstrap.measure(part, 0.0)}}}}", "failed ("),
    (FIRST.replace('column")', 'column", within=(2.0, 3.0))'), "values outside the range that it declares, 2 to 3"),
    (FIRST.replace('column")', 'column", within=(3.0, 2.0))'), "has the range (3.0, 2.0), not two numbers"),
])  # fmt: skip
def test_a_broken_one_costs_only_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, message: str
) -> None:
    split = random_split(8, 3)
    install(tmp_path, monkeypatch, PROBES, {"first": "their_probe"}, their_probe=code)
    context = context_of(split, split)
    assert run(context)[WHOLE].keys() == {"knn_top1"} and context.metrics == {}
    [note] = context.notes
    assert message in note and len(note) < 300 and note.endswith(": mend or remove that package")


@pytest.mark.slow
def test_two_packages_that_measure_the_same_are_not_mixed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    split = random_split(8, 3)
    points = {"first": "their_probe", "second": "other_probe"}
    other = FIRST.replace('probe("first"', 'probe("second"')
    install(tmp_path, monkeypatch, PROBES, points, their_probe=FIRST, other_probe=other)
    context = context_of(split, split)
    assert run(context)[WHOLE].keys() == {"knn_top1", "first"}
    assert "measures first, as another probe does" in context.notes[0]


@pytest.mark.parametrize(("info", "fault"), [
    (MetricInfo("", "about"), "a title of 0 characters"),
    (MetricInfo("x" * 61, "about"), "a title of 61 characters"),
    (MetricInfo("title", "about", factor=float("nan")), "the factor nan"),
    (MetricInfo("title", "about", digits=99), "99 digits"),
])  # fmt: skip
def test_metrics_that_cannot_be_shown_are_refused(info: MetricInfo, fault: str) -> None:
    with pytest.raises(ProbeError, match=fault):
        probe("mine", metrics={"mine": info})
