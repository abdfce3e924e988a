"""Latents from outside: finite; published ones lie in the range of their laws and are distributed as declared."""

import re
import shutil
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tampering import resealed

from iebench.manifests.dataset import DatasetInfo
from iebench.manifests.laws import Uniform
from iebench.renderer.proof.verify import verify


@pytest.fixture
def tiny_copy(tiny_dataset, tmp_path):
    return shutil.copytree(tiny_dataset, tmp_path / "d")


def with_law(folder, name, law):
    recipe = DatasetInfo.load(folder).recipe
    return replace(recipe, factors=tuple(replace(f, law=law) if f.name == name else f for f in recipe.factors))


def outcome(folder, latents, recipe=None):
    resealed(folder, latents=latents, seed=None, recipe=recipe or DatasetInfo.load(folder).recipe)
    report = verify(folder, 1)
    return report.checks["latents"], [str(failure) for failure in report.failures]


@pytest.mark.parametrize("latents", ["published", "given 0123"])
def test_latents_that_follow_their_law_hold(tiny_copy, latents):
    line, failures = outcome(tiny_copy, latents)
    assert failures == []
    assert line.startswith(f"{latents[:5]}") and "Kolmogorov-Smirnov 0." in line


def test_published_values_outside_the_law_are_failures(tiny_copy):
    line, failures = outcome(tiny_copy, "published", with_law(tiny_copy, "floor_hue", Uniform(0.0, 0.5)))
    count = int(re.fullmatch(r"published; floor_hue: (\d+) of 180 values lie outside the recipe's law", line)[1])
    [first] = [failure for failure in failures if "outside its law" in failure]
    name, key, value, more = re.fullmatch(
        r"(\w+/\d+\.parquet): (\w+): floor_hue is ([\d.]+), outside its law, .*; so are (\d+) more of 180 values", first
    ).groups()
    [row] = [row for row in pq.read_table(tiny_copy / name, partitioning=None).to_pylist() if row["key"] == key]
    assert row["floor_hue"] == float(value) > 0.5 and int(more) == count - 1


def test_given_values_may_leave_the_recipes_law(tiny_copy):
    line, failures = outcome(tiny_copy, "given 0123", with_law(tiny_copy, "floor_hue", Uniform(2.0, 3.0)))
    assert failures == []
    assert line == "given; floor_hue: 180 of 180 values lie outside the recipe's law"


@pytest.mark.parametrize("latents", ["published", "given 0123"])
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_every_latent_must_be_finite(tiny_copy, latents, value):
    path = tiny_copy / "val/00000.parquet"
    table = pq.read_table(path, partitioning=None)
    index = table.column_names.index("floor_hue")
    hues = pa.array([value, *table["floor_hue"].to_pylist()[1:]], table.schema.types[index])
    pq.write_table(table.set_column(index, table.schema.field(index), hues), path)
    line, failures = outcome(tiny_copy, latents)
    assert f"{table['key'][0]}: floor_hue is {value}, which is not a finite number" in "".join(failures)
    assert "floor_hue: 1 of 180 values are not finite numbers" in line


def test_only_published_latents_must_be_distributed_as_declared(tiny_copy):
    recipe = with_law(tiny_copy, "floor_hue", Uniform(-1.0, 1.0))
    assert outcome(tiny_copy, "given 0123", recipe)[1] == []
    line, failures = outcome(tiny_copy, "published", recipe)
    assert line == "published; floor_hue: does not follow the recipe's law"
    assert len(failures) == 1 and "latent floor_hue: does not follow its law: Kolmogorov-Smirnov 0.5" in failures[0]
