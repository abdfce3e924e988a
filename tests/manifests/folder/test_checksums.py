"""SHA256SUMS lists every file in the standard tool's format, and dataset.json holds its hash."""

import hashlib
import shutil
import subprocess

import pytest

from iebench.manifests.dataset import DatasetInfo, checksums
from iebench.manifests.errors import DatasetError
from iebench.manifests.folder.checksums import files, read_sums


@pytest.fixture
def copy(tiny_dataset, tmp_path):
    return shutil.copytree(tiny_dataset, tmp_path / "d")


def test_every_file_is_listed_with_its_hash(tiny_dataset):
    sums = read_sums(tiny_dataset, checksums(tiny_dataset))
    everything = {str(p.relative_to(tiny_dataset)) for p in tiny_dataset.rglob("*") if p.is_file()}
    assert set(sums) == everything - {"SHA256SUMS", "dataset.json"}
    assert {"train/00000.tar", "objects.parquet", "README.md", ".plan.json"} < set(sums)
    for name, digest in sums.items():
        assert hashlib.sha256((tiny_dataset / name).read_bytes()).hexdigest() == digest


def test_the_standard_tool_reads_it(copy):
    command = ["sha256sum", "--check", "--quiet", "SHA256SUMS"]
    assert subprocess.run(command, cwd=copy, check=False, capture_output=True).returncode == 0
    (copy / "README.md").write_text("other")
    assert subprocess.run(command, cwd=copy, check=False, capture_output=True).returncode == 1


def test_locks_and_unfinished_files_are_not_part_of_a_dataset(copy):
    before = files(copy)
    for name in (".lock", ".git/config", "train/00007.tar.partial"):
        (copy / name).parent.mkdir(exist_ok=True)
        (copy / name).touch()
    assert files(copy) == before


def test_every_byte_of_dataset_json_counts(copy):
    content = (copy / "dataset.json").read_bytes()
    for position in range(0, len(content), 37):
        (copy / "dataset.json").write_bytes(
            content[:position] + bytes([content[position] ^ 1]) + content[position + 1 :]
        )
        with pytest.raises(DatasetError, match=r"dataset\.json (\(|is (damaged|of another format))"):
            DatasetInfo.load(copy)


def test_a_damaged_list_is_not_believed(copy):
    path, digest = copy / "SHA256SUMS", checksums(copy)
    path.write_bytes(path.read_bytes().replace(b"a", b"b", 1))
    with pytest.raises(DatasetError, match="SHA256SUMS is damaged"):
        read_sums(copy, digest)
