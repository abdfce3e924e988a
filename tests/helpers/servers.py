"""Cloud stores on loopback. All but Google's fail one request in ten."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from gcp_storage_emulator.server import create_server
from hub import Hub
from moto.server import DomainDispatcherApplication, create_backend_app
from serving import served


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
