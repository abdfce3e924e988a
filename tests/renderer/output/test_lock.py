"""The lock of a dataset folder: message for a second process."""

import os

import pytest

from iebench.renderer.errors import OutputError
from iebench.renderer.output.lock import LOCK, locked


def test_a_folder_is_one_processs_at_a_time(tmp_path):
    with locked(tmp_path / "d"):
        assert (tmp_path / "d" / LOCK).exists()
        with (
            pytest.raises(OutputError, match=f"d is being written by process {os.getpid()} on ") as caught,
            locked(tmp_path / "d"),
        ):
            pass
        assert caught.value.exit_code == 2
    assert not list((tmp_path / "d").iterdir())
