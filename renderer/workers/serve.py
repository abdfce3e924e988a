"""What a worker process does: start the renderer, then serve one task after the other until its parent is gone."""

import os
import signal
import tempfile
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from iebench.manifests.common.causes import reason, scene_of
from iebench.manifests.common.processes import end_with_parent

from ..errors import IebenchError
from ..machine.worker_number import take_place
from . import worker


def serve(connection: Connection, setup: worker.Setup, scratch: str) -> None:
    """Answer each (function, arguments) with ("result", value), ("error", one of iebench's own) or ("failure", why).

    The first answer is ("ready", None).

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
        connection.send(("error", IebenchError(f"the renderer cannot start: {reason(error, scene_of(error))}")))
        return
    connection.send(("ready", None))
    while True:
        try:
            function, arguments = connection.recv()
        except EOFError:
            return
        try:
            answer: tuple[str, Any] = ("result", function(*arguments))
        except IebenchError as error:
            answer = ("error", error)
        except Exception as error:
            answer = ("failure", reason(error, scene_of(error)))
        connection.send(answer)


def volunteer_for_the_killer() -> None:
    """Have Linux, when memory runs out, kill this process and not the driver, which could not replace itself."""
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("800")
