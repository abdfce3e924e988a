"""Atomic files: complete or absent."""

import errno

import pytest

from iebench.manifests.common.files import atomic, save_atomic, write_atomic
from iebench.manifests.errors import DiskError


def test_a_write_that_breaks_leaves_the_old_file(tmp_path):
    path = tmp_path / "sub" / "a.txt"
    write_atomic(path, "old")
    with pytest.raises(RuntimeError, match="power cut"), atomic(path) as file:
        file.write(b"new")
        raise RuntimeError("power cut")
    assert path.read_text() == "old"
    assert list(path.parent.iterdir()) == [path]


def test_nothing_bears_the_final_name_while_it_is_written(tmp_path):
    path = tmp_path / "a.bin"

    def save(partial):
        partial.write_bytes(b"x")
        assert not path.exists()
        assert partial.suffix == path.suffix

    save_atomic(path, save)
    assert path.read_bytes() == b"x"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_is_one_sentence(tmp_path):
    def save(partial):
        partial.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(DiskError, match=r"no space left to write .*a\.bin: free some"):
        save_atomic(tmp_path / "a.bin", save)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_the_way_is_one_sentence(tmp_path):
    (tmp_path / "a").write_text("a file")
    for path in (tmp_path / "a" / "b.txt", tmp_path / "a" / "folder" / "b.txt"):
        with pytest.raises(
            DiskError, match=r"cannot write .*b.txt: .*a is a file, not a folder; choose another folder"
        ):
            write_atomic(path, "x")
