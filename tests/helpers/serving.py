"""A WSGI application on loopback, which fails one request in ten or as often as a test says."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

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
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}", moody
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
