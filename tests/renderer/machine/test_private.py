"""Temporary files in a folder shared with other users: files and links of others are not opened or removed."""

import os
import tempfile

import pytest

from iebench.renderer.errors import UsageError
from iebench.renderer.machine.private import open_own, private_folder
from iebench.renderer.machine.scratch import HELD, MARK, scratch


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """Temporary directory of this process, without a runtime directory."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    return folder


@pytest.fixture
def precious(tmp_path):
    """Folder outside that no run may touch, with the layout of one left by a killed run."""
    folder = tmp_path / "precious"
    folder.mkdir()
    (folder / HELD).write_bytes(MARK)
    (folder / "thesis.tex").write_text("all of it")
    return folder


def test_a_folder_that_only_resembles_that_of_a_run_stays(temporary):
    named = temporary / "iebench-thesis"
    unmarked = private_folder() / "run-thesis"
    for folder in (named, unmarked):
        folder.mkdir()
        (folder / HELD).write_text("mine")
    (private_folder() / "run-empty").mkdir()
    with scratch():
        pass
    assert (named / HELD).exists() and (unmarked / HELD).exists() and (private_folder() / "run-empty").exists()


def test_a_planted_link_is_not_followed(temporary, precious):
    (private_folder() / "run-link").symlink_to(precious)
    inside = private_folder() / "run-held"
    inside.mkdir()
    (inside / HELD).symlink_to(precious / HELD)
    with scratch():
        pass
    assert (precious / "thesis.tex").read_text() == "all of it"
    assert inside.exists()
    with pytest.raises(OSError):
        open_own(inside / HELD)


def test_a_planted_pipe_is_not_waited_for(temporary):
    folder = private_folder() / "run-pipe"
    folder.mkdir()
    os.mkfifo(folder / HELD)
    with scratch():
        pass
    assert (folder / HELD).exists()
    with pytest.raises(OSError):
        open_own(folder / HELD)


def test_a_file_of_another_user_is_not_opened(temporary, monkeypatch):
    path = private_folder() / HELD
    path.write_bytes(MARK)
    uid = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: uid + 1)
    with pytest.raises(PermissionError, match="is not a file of this user"):
        open_own(path)


@pytest.mark.parametrize("kind", ["link", "file", "open to all", "another user's"])
def test_a_taken_name_is_refused_unless_the_runtime_directory_serves(temporary, tmp_path, monkeypatch, kind):
    name = temporary / f"iebench-{os.getuid()}"
    if kind == "link":
        (tmp_path / "theirs").mkdir()
        name.symlink_to(tmp_path / "theirs")
    elif kind == "file":
        name.touch()
    else:
        name.mkdir()
        name.chmod(0o777 if kind == "open to all" else 0o700)
    if kind == "another user's":
        uid = os.getuid() + 1
        monkeypatch.setattr(os, "getuid", lambda: uid)
        name.rename(temporary / f"iebench-{uid}")
    with pytest.raises(UsageError, match="set TMPDIR"), scratch():
        pass
    if kind == "another user's":  # the runtime directory's would be, too
        return
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    with scratch() as folder:
        assert folder.parent.parent == tmp_path
    assert not list((tmp_path / "theirs").iterdir()) if kind == "link" else True
