"""Folders and files that the workers of a test run make once and all read."""

import fcntl
from collections.abc import Callable
from pathlib import Path

import pytest


def shared(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """Return the folder or file of this name, which the first process that asks for it makes; others wait for it.

    make : writes it; it does not exist yet
    """
    base = factory.getbasetemp()
    base = base.parent if base.name.startswith("popen-") else base  # workers have a folder each, in that of the run
    folder = base / "shared" / name
    folder.parent.mkdir(exist_ok=True)
    with folder.with_name(f"{name}.lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = folder.with_name(f"{name}.done")
        if not done.exists():
            make(folder)
            done.touch()
    return folder
