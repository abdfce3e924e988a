"""Memory is estimated before any work: its growth with columns, and refusals."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from click.testing import CliRunner
from scoring import SMALL

from iebench.baselines.method import build, find
from iebench.baselines.networks.encoder import EncoderSettings
from iebench.benchmark.commands.score import score
from iebench.benchmark.data.images import Images
from iebench.benchmark.errors import ScoringError
from iebench.benchmark.probes.several.sizes import made
from iebench.benchmark.protocol import load
from iebench.benchmark.scoring import footprint
from iebench.benchmark.scoring.footprint import Sizes, check
from iebench.manifests.dataset import DatasetInfo
from iebench.manifests.schema import SPLITS

CPU = torch.device("cpu")
FULL = Sizes(41_920, 10_552, 50, 55, (512, 256, 256))  # 3DIEBench by an encoder with halves


def test_what_is_usual_takes_little_and_more_columns_take_more() -> None:
    strict = load("strict")
    usual = footprint.footprint(strict, FULL)
    assert max(usual.values()) < 2e9
    wide = footprint.footprint(strict, replace(FULL, widths=(25_088,)))
    assert all(wide[step] > usual[step] for step in usual) and wide["axes"] > 10e9
    assert footprint.footprint(load("converged"), FULL)["linear probes"] < 4e9
    few = footprint.footprint(strict, Sizes(160, 40, 10, 20, (25_088,)))
    assert few["axes"] < 5e9 and few["maps"] < 5e9  # 25,088 x 25,088 numbers alone are 5 GB


def test_more_columns_than_memory_holds_are_refused_by_name_and_number(
    tiny_dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = DatasetInfo.load(tiny_dataset)
    check(SMALL, info, None, [512], CPU)
    monkeypatch.setattr(footprint, "free_memory", lambda: 1_500_000_000)
    with pytest.raises(
        ScoringError,
        match=r"^25,088 columns of 24 train and 6 val objects x 6 views take about \d.\d GB to score by the protocol "
        r"test \(most for its \w+\), and 1.5 GB are free: score fewer columns, such as features that are pooled",
    ):
        check(SMALL, info, None, [25_088], CPU)


SEVERAL = {"seq-jepa": "aggregates of several views", "msp": "action codes", "contextssl": "read-outs in contexts"}


@pytest.mark.parametrize("name", [*SEVERAL, "sie"])
def test_features_of_several_views_are_counted(name: str) -> None:
    """No less than the arrays themselves, and a refusal names them where they need most."""
    entry = find(name)
    with torch.device("meta"):
        method = build(name, entry.defaults(), EncoderSettings())
    protocol = load("converged")
    sizes = replace(FULL, made=tuple(made(method, protocol, FULL.views)))
    steps, kind = footprint.footprint(protocol, sizes), SEVERAL.get(name)
    assert steps.keys() - footprint.footprint(protocol, FULL).keys() == ({kind} if kind else set())
    least = {"seq-jepa": 10 * (640 + 128 + 640 + 512), "msp": 16 * 256, "contextssl": 10 * 512}
    if kind:
        assert 4 * 52_472 * least[name] <= steps[kind] < 8 * 52_472 * least[name] + 4e9


def test_aggregates_that_do_not_fit_are_named(tiny_dataset: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = find("seq-jepa")
    with torch.device("meta"):
        method = build("seq-jepa", entry.settings(action_size=2**20), EncoderSettings())
    info = DatasetInfo.load(tiny_dataset)
    monkeypatch.setattr(footprint, "free_memory", lambda: 1_500_000_000)
    check(SMALL, info, None, [512], CPU)
    with pytest.raises(ScoringError, match=r"most for its aggregates of several views\), and 1.5 GB are free"):
        check(SMALL, info, None, [512], CPU, method)


def test_the_verb_refuses_before_it_reads_a_feature(
    tiny_dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = pa.concat_tables([Images.open(tiny_dataset, split).table for split in SPLITS])["key"]
    features = np.zeros((len(keys), 40), np.float32)
    table = pa.table({"key": keys, "z": pa.FixedSizeListArray.from_arrays(features.ravel(), 40)})
    pq.write_table(table, tmp_path / "wide.parquet")
    monkeypatch.setattr(footprint, "free_memory", lambda: 1_000)
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(score, ["--features", "wide.parquet", "--data", str(tiny_dataset)])
    assert isinstance(result.exception, ScoringError) and "24 train and 6 val objects" in str(result.exception)
    assert [path.name for path in tmp_path.iterdir()] == ["wide.parquet"]
