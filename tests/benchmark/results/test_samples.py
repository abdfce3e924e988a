"""Sample files (one row per prediction): they add up to the score, name their views, and are complete or absent."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import torch
from click.testing import CliRunner
from scoring import BRIEF, LINEAR, SMALL, from_run, untrained_run
from sklearn.metrics import r2_score

from iebench.benchmark.commands.score import score as command
from iebench.benchmark.data.images import Images
from iebench.benchmark.results.samples import SCHEMA, opened
from iebench.benchmark.results.score import Score
from iebench.benchmark.scoring.score import score
from iebench.manifests.errors import DiskError

pytestmark = pytest.mark.slow

CPU = torch.device("cpu")
HEADS = {"classification": LINEAR, "rotation": BRIEF, "pose": BRIEF, "changes": BRIEF}
ASKED = replace(SMALL, heads=HEADS, seeds=2, maps=None, axes=False, shares=False)


@pytest.fixture(scope="module")
def logged(tiny_dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Score, pd.DataFrame]:
    folder = tmp_path_factory.mktemp("samples")
    run = untrained_run(folder / "sie", tiny_dataset)
    with opened(folder / "answers.parquet") as samples:
        scored = score(from_run(run, None, CPU), tiny_dataset, folder / "f", CPU, ASKED, samples=samples)
    return scored, pd.read_parquet(folder / "answers.parquet")


def test_errors_add_up_to_the_score(logged: tuple[Score, pd.DataFrame]) -> None:
    scored, table = logged
    for part, values in scored.values.items():
        own = table[table.part == part]
        errors = own.groupby("question").error.mean()
        for metric, question in (("top1", "classification"), ("knn_top1", "knn"), ("shot5_top1", "shot5")):
            assert 1 - errors[question] == pytest.approx(values[metric].value, abs=1e-6)
        for question in ("rotation", "pose"):
            if f"{question}_degrees_mean" in values:
                assert errors[question] == pytest.approx(values[f"{question}_degrees_mean"].value, rel=1e-5)
    whole = table[table.part == "whole"].groupby("question").error.mean()
    assert 1 - whole["mrr"] == pytest.approx(scored.values["whole"]["mrr"].value, abs=1e-6)
    assert whole["pre"] == pytest.approx(scored.values["whole"]["pre"].value, abs=1e-6)


def test_truth_and_answers_give_r2(logged: tuple[Score, pd.DataFrame]) -> None:
    scored, table = logged
    for question, metric in (("rotation", "rotation_r2_mean"), ("floor_hue", "floor_hue_r2")):
        own = table[(table.part == "equivariant") & (table.question == question)]
        each = [r2_score(np.stack(rows.truth), np.stack(rows.answer)) for _, rows in own.groupby("seed")]
        assert len(each) == 2
        assert np.mean(each) == pytest.approx(scored.values["equivariant"][metric].value, abs=1e-4)


def test_views_are_named_as_in_the_dataset(logged: tuple[Score, pd.DataFrame], tiny_dataset: Path) -> None:
    table = logged[1]
    keys = set(Images.open(tiny_dataset, "val").table["key"].to_pylist())
    assert set(table.key) == keys and set(table.other.dropna()) <= keys and set(table.split) == {"val"}
    assert (table.key != table.other).all() and set(table[table.question == "knn"].seed.isna()) == {True}
    pairs = table[table.question == "rotation"]
    assert pairs.other.notna().all() and (pairs.key.str[:-4] == pairs.other.str[:-4]).all()
    known = dict(zip(keys, keys, strict=True))
    assert len(table[(table.question == "classification") & (table.part == "whole")]) == 2 * len(known)


def test_the_verb_writes_the_file_beside_the_score(tiny_dataset: Path, tmp_path: Path) -> None:
    run = untrained_run(tmp_path / "sie", tiny_dataset, "random")
    (tmp_path / "few.toml").write_text(
        'extends = "strict"\nname = "few"\nseeds = 1\n'
        + "".join(f"[heads.{name}]\nepochs = 1\nlr = [1e-3]\n" for name in ("classification", "rotation"))
    )
    arguments = [
        "--run",
        str(run),
        "--data",
        str(tiny_dataset),
        "--protocol",
        str(tmp_path / "few.toml"),
        "--limit",
        "6",
    ]
    result = CliRunner().invoke(command, [*arguments, "--log-samples", str(tmp_path / "deep" / "answers.parquet")])
    assert result.exit_code == 0, result.output
    assert pq.read_schema(tmp_path / "deep" / "answers.parquet").equals(SCHEMA)
    refused = CliRunner().invoke(command, [*arguments, "--log-samples", str(tmp_path / "answers.csv")])
    assert refused.exit_code == 2 and "name the file" in refused.output


def test_a_run_that_ends_early_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), opened(tmp_path / "answers.parquet"):
        raise KeyboardInterrupt
    assert not list(tmp_path.iterdir())
    (tmp_path / "file").write_text("")
    with pytest.raises(DiskError), opened(tmp_path / "file" / "answers.parquet"):
        pass
