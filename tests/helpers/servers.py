"""Cloud stores on loopback. All but Google's fail one request in ten."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from gcp_storage_emulator.server import create_server
from hub import Hub
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server


class OneInTen:
    """Server that fails every tenth request: alternately without executing it, and after executing it."""

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
    """Yield the server's URL, and the wrapper that counts its requests."""
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
    """Yield an S3 server."""
    return served(DomainDispatcherApplication(create_backend_app))


def hub_server():
    """Yield a minimal Hugging Face Hub (hub.py)."""
    return served(Hub())


@contextmanager
def gs_server(bucket: str) -> Iterator[str]:
    """Yield the URL of a Google Cloud Storage server that has one bucket."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = create_server("127.0.0.1", port, in_memory=True, default_bucket=bucket)
    server.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.stop()
