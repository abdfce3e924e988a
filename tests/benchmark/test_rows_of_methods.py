"""Methods from the command's settings to the report: trained for two steps, scored, and shown as rows of one page."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest
import torch
from scoring import SMALL, from_run
from tiny import tiny

from iebench.benchmark.report import report
from iebench.benchmark.results.score import Score
from iebench.benchmark.scoring.score import score
from iebench.benchmark.training.config import RunConfig, resolve
from iebench.benchmark.training.train import train
from iebench.manifests.dataset import DatasetInfo

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_thread")]

NEWER = (
    "equin",
    "wigner",
    "barlow",
    "tico",
    "ivne",
    "obow",
    "invariance-propagation",
    "dino-like",
    "essl",
    "stl",
    "la-sie",
    "equicaps",
    "capsie-like",
    "iwm",
    "seq-jepa",
    "care",
    "g-nft",
    "msp",
    "contextssl",
    "equimod-layer3",
)
TINY = ["batch=8", "resolution=16", "encoder.width=0.125", "encoder.stem=small", "steps=2"]


@pytest.fixture(scope="module")
def scores(
    tiny_dataset: Path, tiny_for: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> dict[Path, Score]:
    """Scores of the methods by file."""
    folder, results = tmp_path_factory.mktemp("runs"), {}
    for method in NEWER:
        settings, own = resolve(method, "quick", [*TINY, *tiny(method)])
        run, data = folder / method, tiny_for(method)
        info = DatasetInfo.load(data)
        train(run, RunConfig(method, asdict(own), settings, data, info.fingerprint, 16, 0, "cpu", {}))
        encoder = from_run(run, None, torch.device("cpu"))
        results[run / "score.json"] = score(encoder, tiny_dataset, run / "features", torch.device("cpu"), SMALL)
    return results


def test_every_row_has_the_values_of_its_kind(scores: dict[Path, Score]) -> None:
    values = {path.parent.name: scored.values for path, scored in scores.items()}
    assert all({"top1", "rotation_degrees_mean"} <= parts["whole"].keys() for parts in values.values())
    for metric, others in (("rotation_decoded_degrees_mean", {"equicaps"}), ("mrr", {"seq-jepa", "equimod-layer3"})):
        fixed = {"equin", "wigner", "g-nft"}  # whose action is a fixed matrix
        assert {name for name, parts in values.items() if metric in parts["whole"]} == fixed | others
    coded = {name for name, parts in values.items() if "rotation_code_degrees_mean" in parts["whole"]}
    assert coded == {"stl", "la-sie", "msp"}
    assert {name for name, parts in values.items() if "invariant" in parts} == {"la-sie"}
    assert {name for name, parts in values.items() if "equivariant" in parts} == {"la-sie", "equimod-layer3"}
    for metric, method in (("aggregate3_top1", "seq-jepa"), ("context126_colour_top1", "contextssl")):
        assert {name for name, parts in values.items() if metric in parts["whole"]} == {method}


def test_the_report_has_every_row(scores: dict[Path, Score], tiny_dataset: Path) -> None:
    page = report(scores, tiny_dataset)
    assert all(f">{method}<" in page for method in NEWER)
    for title in (
        "rotation code error °",
        "rotation decoded error °",
        "aggregate 5 top-1 %",
        "aggregate5 path error °",
    ):
        assert title in page
