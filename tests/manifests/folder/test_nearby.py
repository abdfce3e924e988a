"""A misspelt folder is compared with the folders beside it that have what it lacks."""

from pathlib import Path

import pytest

from iebench.manifests.dataset import DatasetInfo
from iebench.manifests.errors import DatasetError
from iebench.manifests.folder.nearby import nearby


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("sie-mini-s0", "sie-mini-s1", "vicreg-mini-s0"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.json").touch()
    (tmp_path / "sie-mini-s9").mkdir()  # no run
    return tmp_path


def test_folders_alike_are_named_with_their_path(folder: Path) -> None:
    words = nearby(folder / "sie-mini-s", "config.json")
    assert words.startswith(f"did you mean {folder / 'sie-mini-s'}") and "sie-mini-s9" not in words


@pytest.mark.parametrize("name", ["zzz", "nowhere/sie-mini-s0"])
def test_nothing_is_suggested_where_nothing_is_alike(folder: Path, name: str) -> None:
    assert nearby(folder / name, "config.json") == ""


def test_a_dataset_is_suggested(tmp_path: Path) -> None:
    (tmp_path / "mini").mkdir()
    (tmp_path / "mini" / "dataset.json").touch()
    with pytest.raises(DatasetError, match=r"min holds no dataset \(no dataset.json\): did you mean .*mini\?"):
        DatasetInfo.load(tmp_path / "min")
