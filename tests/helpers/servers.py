"""Clouds on loopback. All but Google's fail one request in ten."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from gcp_storage_emulator.server import create_server
from hub import Hub
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server


class OneInTen:
    """Answers every tenth request with an error: in turns without doing what it asks, and after having done it."""

    def __init__(self, application):
        self.application, self.requests, self.failed, self.every = application, 0, 0, 10
        self.counting = threading.Lock()

    def __call__(self, environment, respond):
        with self.counting:
            self.requests += 1
            fail = self.requests % self.every == 0
            self.failed += fail
            late = self.failed % 2 == 0
        if not fail:
            return self.application(environment, respond)
        if late:
            list(self.application(environment, lambda *_: lambda _: None))
        respond("503 Slow Down", [("Content-Length", "0")])
        return []


@contextmanager
def served(application) -> Iterator[tuple[str, OneInTen]]:
    """The server's URL, and what counts its requests."""
    moody = OneInTen(application)
    server = make_server("127.0.0.1", 0, moody, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}", moody
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def s3_server():
    """A real implementation of S3."""
    return served(DomainDispatcherApplication(create_backend_app))


def hub_server():
    """As much of the Hugging Face Hub as its library asks for; see hub.py."""
    return served(Hub())


@contextmanager
def gs_server(bucket: str) -> Iterator[str]:
    """The URL of an implementation of Google's Cloud Storage that has one bucket."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = create_server("127.0.0.1", port, in_memory=True, default_bucket=bucket)
    server.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.stop()
