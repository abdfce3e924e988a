"""A server that has imported what a renderer's workers need and forks them: their start costs no imports.

`spawn`, by which iebench itself starts them, begins with a new Python: two thirds of a second of CPU for each worker.
Tests of that start use it (the fixture `spawned`), as do commands in processes of their own. `trainings.py` has a
server for trainings, which need PyTorch.
"""

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext, ForkServerProcess
from multiprocessing.popen_forkserver import Popen
from types import ModuleType, SimpleNamespace
from typing import Any

SERVER = forkserver.ForkServer()
SERVER.set_forkserver_preload(
    [
        "iebench.renderer.workers.serve", "iebench.renderer.blender.fake", "iebench.renderer.importing.run",
        "iebench.renderer.proof.verify", "iebench.renderer.symmetry.run", "PIL.BmpImagePlugin", "PIL.GifImagePlugin",
        "PIL.JpegImagePlugin", "PIL.PngImagePlugin", "PIL.PpmImagePlugin",
    ]
)  # fmt: skip


class Process(ForkServerProcess):
    """Process that SERVER forks, with the environment variables of the moment of its start."""

    def start(self) -> None:
        """Start the process."""
        self.environment = dict(os.environ)
        super().start()

    def run(self) -> None:
        """Run the target, in the process."""
        os.environ.clear()
        os.environ.update(self.environment)
        super().run()

    @staticmethod
    def _Popen(process: Any) -> Popen:  # multiprocessing starts a process here, by the one server that it knows
        usual, forkserver.connect_to_new_process = forkserver.connect_to_new_process, SERVER.connect_to_new_process
        try:
            return Popen(process)
        finally:
            forkserver.connect_to_new_process = usual


class Context(ForkServerContext):
    """Start method of SERVER, in place of one that `multiprocessing.get_context` returns."""

    Process = Process


def starters() -> list[ModuleType]:
    """Return the modules of iebench that start such processes by `spawn`, if the packages that they need are here."""
    modules = []
    for name in ("workers.pool", "importing.run", "proof.verify", "symmetry.run"):
        with suppress(ModuleNotFoundError):
            modules.append(import_module(f"iebench.renderer.{name}"))
    return modules


@contextmanager
def forked(modules: Sequence[ModuleType]) -> Iterator[None]:
    """Let modules that call `multiprocessing.get_context` start their processes by SERVER."""
    stand_in = SimpleNamespace(**{**vars(multiprocessing), "get_context": lambda method: Context()})
    for module in modules:
        module.multiprocessing = stand_in
    try:
        yield
    finally:
        for module in modules:
            module.multiprocessing = multiprocessing
