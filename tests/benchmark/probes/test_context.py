"""Probes of other packages are found by their entry point; broken ones are named."""

from pathlib import Path

import pytest
from plugins import install
from scoring import context_of, random_split

from iebench.benchmark.errors import ProbeError
from iebench.benchmark.measures import MEASURES, WHOLE
from iebench.benchmark.probes import PROBES, run
from iebench.benchmark.probes.context import GROUP

BRIGHT = """
import numpy as np
from iebench.benchmark.bootstrap import Mean
from iebench.benchmark.measures import MEASURES, Measure
from iebench.benchmark.probes.context import probe

MEASURES["first"] = Measure("first", "mean of the first column")

@probe("first")
def first(context):
    column = Mean.of(context.val.features[:, 0].astype(float), context.val.image_objects)
    return {"whole": {"first": context.bootstrap.measure(column, 0.0)}}
"""


def test_a_probe_of_another_package_runs_with_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    split = random_split(12, 4)
    install(tmp_path, monkeypatch, GROUP, {"first": "their_probe"}, their_probe=BRIGHT)
    try:
        found = run(context_of(split, split))[WHOLE]
    finally:
        PROBES.pop("first", None)
        MEASURES.pop("first", None)
    assert found["first"].value == pytest.approx(split.features[:, 0].mean(), rel=1e-6)
    assert "top1" in found


@pytest.mark.parametrize(("code", "message"), [
    ("1 / 0", r"their_probe, of the probe 'first', cannot be imported \(ZeroDivisionError: division by zero\)"),
    ("", "their_probe does not register the probe 'first'"),
])  # fmt: skip
def test_a_broken_one_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, message: str) -> None:
    split = random_split(4, 2)
    install(tmp_path, monkeypatch, GROUP, {"first": "their_probe"}, their_probe=code)
    with pytest.raises(ProbeError, match=message):
        run(context_of(split, split))
