"""The lock of a dataset folder: one run at a time, and never in the way of the next one."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from iebench.renderer.errors import OutputError
from iebench.renderer.lock import LOCK, locked

HOLD = """
import sys, time
from pathlib import Path
from iebench.renderer.lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def holding(folder):
    process = subprocess.Popen([sys.executable, "-c", HOLD, folder], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    return process


def test_the_second_is_told_who_the_first_is_and_a_killed_first_is_no_obstacle(tmp_path):
    with holding(tmp_path) as process:
        with (
            pytest.raises(OutputError, match=f"is being written by process {process.pid} on ") as caught,
            locked(tmp_path),
        ):
            pass
        assert caught.value.exit_code == 2
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert (tmp_path / LOCK).exists()
    with locked(tmp_path):
        assert f'"pid": {os.getpid()}' in (tmp_path / LOCK).read_text()
    assert not list(tmp_path.iterdir())


def test_a_lock_that_its_holder_removed_is_taken_anew(tmp_path, monkeypatch):
    """The holder leaves between another's opening and locking of the file: what was locked is then no lock at all."""
    opened, calls = os.open, []

    def late(path, *arguments, **more):
        descriptor = opened(path, *arguments, **more)
        if str(path).endswith(LOCK) and not calls:
            calls.append(path)
            Path(path).unlink()
        return descriptor

    monkeypatch.setattr(os, "open", late)
    with locked(tmp_path), pytest.raises(OutputError), locked(tmp_path):
        pass
    assert calls
