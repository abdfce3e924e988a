"""Runs a render that a test kills: python kill_target.py FOLDER WORKERS [BACKEND]."""

import multiprocessing
import os
import sys
from pathlib import Path
from types import SimpleNamespace

from forking import Process
from plans import plan_of

from iebench.renderer.rendering.render import render_dataset
from iebench.renderer.workers import pool


def work(folder: Path, workers: int, backend: str = "flaky:Slow") -> None:
    """Render 1,200 images."""
    render_dataset(plan_of("20", 5, 12), folder, workers, backend=backend)


def forked(folder: Path, workers: int) -> Process:
    """Start that render in a process that is forked, as are its workers: none of them imports anything."""
    process = Process(target=_quiet, args=(folder, workers))
    process.start()
    return process


def _quiet(folder: Path, workers: int) -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    fork = multiprocessing.get_context("fork")
    pool.multiprocessing = SimpleNamespace(**{**vars(multiprocessing), "get_context": lambda method: fork})
    work(folder, workers)


if __name__ == "__main__":
    work(Path(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:])
