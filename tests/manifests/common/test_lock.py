"""Locks: one process at a time; a finished process never blocks the next one."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from iebench.manifests.common.lock import locked, named
from iebench.manifests.errors import IebenchError

HOLD = """
import sys, time
from pathlib import Path
from iebench.manifests.common.lock import locked
with locked(Path(sys.argv[1]), RuntimeError):
    print("held", flush=True)
    time.sleep(60)
"""


def in_use(held: str) -> IebenchError:
    return IebenchError(f"held by {named(held)}")


def test_the_second_is_told_who_the_first_is_and_a_killed_first_is_no_obstacle(tmp_path: Path) -> None:
    path = tmp_path / "new" / "lock"
    with subprocess.Popen([sys.executable, "-c", HOLD, path], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdout.readline() == "held\n"
        with pytest.raises(IebenchError, match=f"held by process {process.pid} on "), locked(path, in_use):
            pass
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert path.exists()
    with locked(path, in_use):
        assert f'"pid": {os.getpid()}' in path.read_text()
    assert not path.exists()


def test_a_lock_that_its_holder_removed_is_taken_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process opened the file before its holder removed it; the lock it then gets is void."""
    path, opened, calls = tmp_path / "lock", os.open, []

    def late(name: Path, flags: int, mode: int = 0o777) -> int:
        descriptor = opened(name, flags, mode)
        if not calls:
            calls.append(name)
            name.unlink()
        return descriptor

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", late)
        with locked(path, in_use), pytest.raises(IebenchError), locked(path, in_use):
            pass
    assert calls
