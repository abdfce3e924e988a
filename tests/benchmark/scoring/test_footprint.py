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

from iebench.benchmark.commands.score import score
from iebench.benchmark.data.images import Images
from iebench.benchmark.errors import ScoringError
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
