"""Tasks and renderers with faults, for tests of the worker pool; imported by spawned processes.

python misbehave.py FOLDER: two workers; each writes a file named after its process number to FOLDER, then hangs.
"""

import os
import sys
import time
from dataclasses import replace
from importlib import import_module
from pathlib import Path

from iebench.manifests.recipe import load
from iebench.renderer.blender.fake import FakeRenderer
from iebench.renderer.blender.interface import FAKE
from iebench.renderer.errors import DiskError
from iebench.renderer.workers import worker
from iebench.renderer.workers.pool import Pool
from iebench.renderer.workers.worker import Setup

kept = []


def double(n):
    return 2 * n


def report_views(count):
    """Report each view of an object with so many, as a renderer would that takes a moment for each."""
    for view in range(count):
        worker._report(view)
        time.sleep(0.3)


def large(n):
    return bytes([n]) * 3_000_000


def die(signal):
    if signal:
        os.kill(os.getpid(), signal)
        time.sleep(60)
    return 0


def eat(megabytes, keep):
    """Allocate memory step by step; return the process number."""
    for _ in range(megabytes // 10):
        kept.append(b"x" * 10_000_000)
        time.sleep(0.005)
    if not keep:
        kept.clear()
    return os.getpid()


def fail(text):
    raise ValueError(text)


def refuse():
    raise DiskError("the disk is full")


def announce_and_hang(folder):
    (Path(folder) / str(os.getpid())).touch()
    time.sleep(600)


class Stillborn(FakeRenderer):
    """Renderer whose process dies while it starts."""

    def __init__(self, *_):
        os._exit(7)


class Raises(FakeRenderer):
    """Renderer that fails to start with an unexpected exception."""

    def __init__(self, *_):
        raise ValueError("no")


class Endless(FakeRenderer):
    """Renderer whose start never ends."""

    def __init__(self, *_):
        time.sleep(600)


if __name__ == "__main__":
    folder, recipe = Path(sys.argv[1]), replace(load(), resolution=16)
    setup = Setup(FAKE, recipe, recipe.quality["fast"], device="cpu", threads=1)
    with Pool(2, setup, 600, 0, folder) as pool:
        hang = import_module("misbehave").announce_and_hang  # workers do not know this script as __main__
        list(pool.run(hang, ((n, (str(folder),)) for n in range(2))))
