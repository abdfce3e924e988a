"""A Git LFS pointer in place of any file that iebench reads is named as such, without advice to make the file again.

Files of meshes are tested in renderer/meshes/test_placeholders.py.
"""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from scoring import untrained_run
from torch import nn

from iebench.benchmark.data.images import Images
from iebench.benchmark.distributed.ranks import ALONE
from iebench.benchmark.encoders import registry
from iebench.benchmark.features.feature_file import FeatureFile
from iebench.benchmark.protocol import load as load_protocol
from iebench.benchmark.released import converted
from iebench.benchmark.released import file as released_file
from iebench.benchmark.results import orbits as orbit_file
from iebench.benchmark.results.reading import load_score
from iebench.benchmark.training import log, runs
from iebench.benchmark.training.checkpoint import CHECKPOINT, restore
from iebench.benchmark.training.config import RunConfig, resolve
from iebench.manifests.dataset import DatasetInfo, read_table
from iebench.manifests.errors import IebenchError
from iebench.manifests.folder.checksums import SUMS, read_sums
from iebench.manifests.reading.samples import Samples
from iebench.manifests.recipe import load as load_recipe
from iebench.manifests.symmetry import TABLE
from iebench.manifests.symmetry import read as read_symmetries
from iebench.manifests.views import read_given
from iebench.renderer.importing.archive import Archive
from iebench.renderer.importing.audit import AUDIT, Audit
from iebench.renderer.importing.spool import Spool
from iebench.renderer.importing.unpack import outcome
from iebench.renderer.proof.verify import verify
from iebench.renderer.sources.manifest import Manifest

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:%064d\nsize 132735\n" % 7
WORDS = "is a Git LFS pointer: run `git lfs pull`"
Read = Callable[[Path], object]


def refused(path: Path, read: Read, shown: str = "") -> None:
    """Put a pointer at a path, and check the message of reading it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(POINTER)
    with pytest.raises(IebenchError) as caught:
        read(path)
    assert f"{shown or path} {WORDS}" in str(caught.value)
    for advice in ("again", "restore", "delete", "damaged"):
        assert advice not in str(caught.value).replace(str(path), "")


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("a.toml", lambda path: load_recipe(str(path))),
        ("a.toml", lambda path: load_protocol(str(path))),
        ("a.toml", lambda path: resolve("sie", str(path), [])),
        ("a.parquet", lambda path: read_given(path, load_recipe())),
        ("a.parquet", lambda path: Manifest(path).classes()),
        ("a.csv", lambda path: Manifest(path).classes()),
        ("score.json", load_score),
        ("a.pth", released_file.read),
        ("a.safetensors", released_file.read),
        ("a.pt2", lambda path: registry.load(str(path), {})),
        ("a.pt", lambda path: registry.load(str(path), {})),
        ("config.json", lambda path: RunConfig.load(path.parent)),
        (log.METRICS, lambda path: log.last(path.parent)),
        (orbit_file.NAME, lambda path: orbit_file.read(path.parent)),
        (AUDIT, lambda path: Audit.load(path.parent)),
        (CHECKPOINT, lambda path: restore(path.parent, {"method": nn.Linear(1, 1)}, ALONE)),
        (converted.FACTS, lambda path: converted.load(path.parent)),
    ],
)
def test_a_file_of_its_own(tmp_path: Path, name: str, read: Read) -> None:
    refused(tmp_path / name, read)


@pytest.fixture
def dataset(tiny_dataset: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_dataset, tmp_path / "tiny"))


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("dataset.json", DatasetInfo.load),
        ("objects.parquet", lambda d: read_table(d / "objects.parquet")),
        ("train/00000.parquet", lambda d: Images.open(d, "train")),
        ("train/00000.parquet", lambda d: len(Samples(d, DatasetInfo.load(d)))),
        ("train/00000.parquet", lambda d: read_given(d, load_recipe())),
        ("train/00000.tar", lambda d: Images.open(d, "train")),
        ("train/00000.tar", lambda d: Samples(d, DatasetInfo.load(d)).at([0])[0].read()),
        (SUMS, lambda d: read_sums(d, "0" * 64)),
    ],
)
def test_a_file_of_a_dataset(dataset: Path, name: str, read: Read) -> None:
    refused(dataset / name, lambda _: read(dataset))


@pytest.mark.parametrize("name", ["train/00000.tar", "val/00000.parquet", "objects.parquet", SUMS])
def test_verify_names_each(dataset: Path, name: str) -> None:
    (dataset / name).write_bytes(POINTER)
    report = verify(dataset, jobs=1)
    assert any(name in line and WORDS in line for line in report.lines())


def test_symmetries_of_a_dataset(dataset: Path) -> None:
    refused(dataset / TABLE, lambda path: read_symmetries(dataset))


def test_weights_of_a_run(tiny_dataset: Path, tmp_path: Path) -> None:
    run = untrained_run(tmp_path / "run", tiny_dataset)
    refused(run / runs.WEIGHTS, lambda _: runs.load(run))


def test_features(tiny_dataset: Path, tmp_path: Path) -> None:
    refused(tmp_path / "a.parquet", lambda path: FeatureFile.open(path, tiny_dataset))


@pytest.mark.parametrize("name", ["a.tar", "a.tar.gz"])
def test_a_published_archive(published: tuple, tmp_path: Path, name: str) -> None:
    with Spool(tmp_path / "spool") as spool:
        refused(tmp_path / name, lambda path: list(Archive(path, 8, spool, None).jobs(published[0].shards())))  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["image", "latent"])
def test_a_file_in_a_published_archive(published: tuple, kind: str) -> None:
    plan, files = published
    ref = plan.objects[0]
    own = {
        ("image" if "image" in name else "latent", int(name.rpartition("_")[2].partition(".")[0])): content
        for name, content in files.items()
        if f"/{ref.synset}/{ref.object_id}/" in name
    }
    assert outcome(own, plan.recipe).status == "ok"
    result = outcome({**own, (kind, 3): POINTER}, plan.recipe)
    assert f"{kind}_3.{'jpg' if kind == 'image' else 'npy'} {WORDS}" in result.cause
