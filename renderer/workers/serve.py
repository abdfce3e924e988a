"""Main loop of a worker process: start the renderer, then serve one task after the other until the parent ends."""

import os
import signal
import tempfile
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from iebench.manifests.common.causes import origin_of, reason
from iebench.manifests.common.processes import end_with_parent

from ..errors import IebenchError
from ..machine.worker_number import take_worker_number
from . import worker


def serve(connection: Connection, setup: worker.Setup, scratch: str) -> None:
    """Reply to each (function, arguments) with ("result", value), ("error", IebenchError) or ("failure", cause).

    The first reply is ("ready", None); while an object is rendered, there is a ("views", finished) before each view.

    scratch : folder for all temporary files of this process
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all processes; the parent decides
    end_with_parent()
    offer_to_oom_killer()
    take_worker_number()  # before TMPDIR changes, since the number counts all workers of this machine
    os.environ["TMPDIR"] = tempfile.tempdir = scratch
    try:
        worker.start(setup)
    except Exception as error:  # otherwise the parent would start worker after worker
        connection.send(("error", IebenchError(f"the renderer cannot start: {reason(error, origin_of(error))}")))
        return
    connection.send(("ready", None))
    worker.report_to(lambda views: connection.send(("views", views)))
    while True:
        try:
            function, arguments = connection.recv()
        except EOFError:
            return
        try:
            reply: tuple[str, Any] = ("result", function(*arguments))
        except IebenchError as error:
            reply = ("error", error)
        except Exception as error:
            reply = ("failure", reason(error, origin_of(error)))
        connection.send(reply)


def offer_to_oom_killer() -> None:
    """Make Linux kill this process, not the driver, when memory runs out; the driver can replace a worker."""
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("800")
