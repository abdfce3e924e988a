"""dataset.json with values of other types at every path: refused in one sentence, or loaded and then usable."""

import hashlib
import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mutation import changed, refusals, variants

from iebench.benchmark.data.images import Images
from iebench.manifests.dataset import BLANK, INFO, DatasetInfo
from iebench.manifests.errors import DatasetError, IebenchError
from iebench.manifests.reading.samples import Samples
from iebench.renderer.card.write import write_card
from iebench.renderer.proof.inspect import inspect
from iebench.renderer.proof.verify import verify

Seal = Callable[[Any], Path]


@pytest.fixture
def dataset(tiny_dataset: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_dataset, tmp_path / "tiny"))


@pytest.fixture
def table(dataset: Path) -> dict[str, Any]:
    """Content of dataset.json, with one of the recipe's quality settings."""
    whole: dict[str, Any] = json.loads((dataset / INFO).read_text())
    whole["recipe"]["quality"] = {"fast": whole["recipe"]["quality"]["fast"]}
    return {**whole, "sha256": BLANK}


@pytest.fixture
def seal(dataset: Path) -> Seal:
    """Return a function that writes a table as dataset.json, with its own SHA-256 if it has the field for it."""

    def sealed(table: Any) -> Path:
        content = json.dumps(table)
        (dataset / INFO).write_text(content.replace(BLANK, hashlib.sha256(content.encode()).hexdigest()))
        return dataset

    return sealed


@pytest.mark.slow
def test_any_value_anywhere_is_loaded_or_refused_in_a_sentence(table: dict[str, Any], seal: Seal) -> None:
    messages = refusals(table, lambda variant: DatasetInfo.load(seal(variant)), step=4)
    assert len(messages) > 200
    assert all(INFO in words for words in messages)


@pytest.mark.slow
def test_what_is_loaded_is_read_by_every_command(table: dict[str, Any], seal: Seal) -> None:
    outer = {key: value for key, value in table.items() if key != "recipe"}
    for words, variant in variants(outer):
        if not isinstance(variant, dict):
            continue
        folder = seal({**variant, "recipe": table["recipe"]})
        try:
            info = DatasetInfo.load(folder)
        except DatasetError:
            continue
        try:
            write_card(folder, info, {}, {})
            len(Samples(folder, info).objects)
            for split in ("train", "val"):
                Images.open(folder, split)
        except IebenchError as error:
            assert "\n" not in str(error), words


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (("counts", "train", "shards"), 10**9, "shards is 1,000,000,000, and its objects fill 1 to 24"),
        (("counts", "train", "objects"), 10**9, "train.images is 144, and 1,000,000,000 objects have 1 to 1000 each"),
        (("counts", "train", "shards"), 0, "shards is 0"),
        (("counts", "val", "images"), 10**40, "images is a number of 41 digits"),
        (("counts", "classes"), 31, "classes is 31, of 30 objects"),
        (("counts", "train"), 3, "counts: train: 3 is not SplitCounts"),
        (("renderer",), {"name": "x"}, "renderer has no 'version'"),
        (("seed",), None, "latents are drawn, and seed is null"),
        (("fingerprint",), "x", "is not a SHA-256"),
        (("checksums",), 3, "its checksums is not a SHA-256"),
        (("recipe", "factors"), [], "it has no factors"),
        (("format",), 2, "is a dataset of format 2, and this iebench reads 1: update iebench"),
        (("format",), 0, "is a dataset of format 0, and this iebench reads 1: render it again"),
        (("format",), True, "is a dataset of format True, and this iebench reads 1: render it again"),
    ],
)
def test_counts_and_facts_must_be_plausible(
    table: dict[str, Any], seal: Seal, path: tuple[str, ...], value: object, words: str
) -> None:
    start = time.process_time()
    with pytest.raises(DatasetError, match=INFO) as caught:
        DatasetInfo.load(seal(changed(table, path, value)))
    assert words in str(caught.value)
    assert time.process_time() - start < 1


@pytest.mark.parametrize("name", ["", "x"])
def test_a_factor_that_the_shards_lack_is_named(table: dict[str, Any], seal: Seal, tmp_path: Path, name: str) -> None:
    folder = seal(changed(table, ("recipe", "factors", 0, "name"), name))
    with pytest.raises(DatasetError, match=r"00000.parquet has "):
        inspect(folder, tmp_path / "out")
    assert verify(folder, jobs=1).failures


def test_shards_that_are_nowhere_are_one_failure(table: dict[str, Any], seal: Seal) -> None:
    count = 100_000
    start, counts = time.process_time(), {"objects": count, "images": count, "shards": count}
    report = verify(seal(changed(table, ("counts", "train"), counts)), jobs=1)
    [words] = [failure.fault for failure in report.failures if "does not list" in failure.fault]
    assert words.endswith("the first of 199,998: train/00001.parquet") and len(report.failures) < 1_000
    assert time.process_time() - start < 20
