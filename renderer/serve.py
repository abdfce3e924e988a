"""What a worker process does: start the renderer, then serve one task after the other until its parent is gone."""

import os
import signal
import tempfile
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from iebench.manifests.common.processes import end_with_parent

from . import worker
from .errors import IebenchError
from .place import take_place


def serve(connection: Connection, setup: worker.Setup, scratch: str) -> None:
    """Answer each (function, arguments) with ("result", value) or ("error", exception), after one ("ready", None).

    scratch : the only folder in which this process makes temporary files
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all processes; the parent decides
    end_with_parent()
    volunteer_for_the_killer()
    take_place()  # among all workers of this machine, so before the temporary files move
    os.environ["TMPDIR"] = tempfile.tempdir = scratch
    try:
        worker.start(setup)
    except Exception as error:  # without this, the parent would start one worker after the other
        connection.send(("error", IebenchError(f"the renderer cannot start: {type(error).__name__}: {error}")))
        return
    connection.send(("ready", None))
    while True:
        try:
            function, arguments = connection.recv()
        except EOFError:
            return
        try:
            answer: tuple[str, Any] = ("result", function(*arguments))
        except Exception as error:
            answer = ("error", error if isinstance(error, IebenchError) else _plain(error))
        connection.send(answer)


def volunteer_for_the_killer() -> None:
    """Have Linux, when memory runs out, kill this process and not the driver, which could not replace itself."""
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("800")


def _plain(error: Exception) -> Exception:
    """The same error in a class that every process knows."""
    kind = type(error) if type(error).__module__ == "builtins" else RuntimeError
    text = str(error) if kind is type(error) else f"{type(error).__name__}: {error}"
    try:
        return kind(text)
    except TypeError:  # some, such as UnicodeDecodeError, want more than a text
        return RuntimeError(f"{type(error).__name__}: {error}")
