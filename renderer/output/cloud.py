"""A dataset in a cloud store: s3://, gs://, hf:// and every other kind that fsspec supports.

Object stores have no rename and need none: an uploaded object appears complete or not at all. Some stores guarantee
less, for example a server behind sftp://. A shard's Parquet is therefore written after its tar and records the tar's
size, so that a truncated shard is rendered again. Requests that fail for a temporary reason are repeated, at growing
intervals.
"""

import json
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import IO, Any, TypeVar

import fsspec

from iebench.manifests.common.causes import refusal
from iebench.manifests.common.lock import holder
from iebench.manifests.common.patience import PATIENCE, joins
from iebench.manifests.network.retries import RequestFailed, repeat, status

from ..errors import DiskError, IebenchError, MissingPart, UsageError
from ..machine.scratch import scratch
from .lock import LOCK, in_use

BEAT = 10.0  # seconds between two heartbeats of a run that holds a store

T = TypeVar("T")


class CloudStore:
    """A store behind a URL; `store.Store` documents the methods."""

    pauses = (0.2, 30.0)  # seconds: first pause after a failed request, doubled each time; longest pause
    tries = 8

    def __init__(self, url: str) -> None:
        kind, _, path = url.partition("://")
        if not path.strip("/"):
            raise UsageError(f"{url} names no bucket or folder: write it as {kind}://BUCKET/NAME")
        try:
            self._files, self._root = fsspec.core.url_to_fs(url)
        except ImportError as error:
            raise MissingPart(f"{url} needs a package that is missing: pip install 'iebench[cloud]'") from error
        except ValueError as error:
            raise UsageError(f"iebench cannot open {kind}://: give a folder, or s3://, gs:// or hf://") from error
        self._url = url.rstrip("/")

    def __str__(self) -> str:
        return self._url

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}" if name else self._root

    def sizes(self) -> dict[str, int]:
        def find() -> dict[str, dict[str, Any]]:
            self._files.invalidate_cache()
            try:
                entries: dict[str, dict[str, Any]] = self._files.find(self._root, detail=True)
            except FileNotFoundError:
                return {}
            return entries

        listed = self._repeat("list", "", find)
        start = len(self._files._strip_protocol(self._root)) + 1
        return {path[start:]: int(info["size"]) for path, info in listed.items() if path[start:] != LOCK}

    def size(self, name: str) -> int | None:
        def stored_size() -> int:
            self._files.invalidate_cache()
            return int(self._files.info(self._path(name))["size"])

        try:
            return self._repeat("look at", name, stored_size)
        except FileNotFoundError:
            return None

    def open(self, name: str) -> IO[bytes]:
        return BytesIO(self._repeat("read", name, lambda: self._files.cat_file(self._path(name))))

    @contextmanager
    def writing(self, last: str) -> Iterator[Path]:
        with scratch() as parent:
            folder = parent / self._url.rpartition("/")[2]
            folder.mkdir()
            yield folder
            names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
            self._upload({name: folder / name for name in [*sorted(names - {last}), last]})

    def remove(self, name: str) -> None:
        with suppress(FileNotFoundError):
            self._repeat("remove", name, lambda: self._files.rm_file(self._path(name)))

    def clean(self) -> None:
        """Do nothing: incomplete uploads are invisible."""

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the store by an object with a heartbeat; two runs that start at the same moment may both miss it.

        A holder counts as dead if its heartbeat does not change while this run waits, or if its process ran on this
        machine and has ended. No clocks are compared, and a killed run does not block the store.
        """
        self._wait_for_the_dead()
        name, beats, ended = uuid.uuid4().hex, 0, threading.Event()

        def write_heartbeat() -> None:
            nonlocal beats
            beats += 1
            self._put(LOCK, json.dumps({**json.loads(holder()), "run": name, "beat": beats}).encode())

        def write_heartbeats() -> None:
            while not ended.wait(BEAT):
                with suppress(IebenchError):  # a single missed heartbeat does no harm
                    write_heartbeat()

        write_heartbeat()
        if name not in (held := self._held()):
            raise in_use(self._url, held)
        thread = threading.Thread(target=write_heartbeats, daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            joins(thread, PATIENCE)  # at worst it writes one more heartbeat, which does not delay a later run
            with suppress(IebenchError):
                self.remove(LOCK)

    def _held(self) -> str:
        """Return the text of the lock, which names its holder; "" if the store is free."""
        try:
            with self.open(LOCK) as file:
                return file.read().decode()
        except FileNotFoundError:
            return ""

    def _wait_for_the_dead(self) -> None:
        """Wait until the holder of the store counts as dead.

        Raises
        ------
        OutputError : the holder's heartbeat has changed.
        """
        held = first = self._held()
        until = time.monotonic() + 2.5 * BEAT
        while held and time.monotonic() < until and not _gone(held):
            time.sleep(BEAT / 4)
            held = self._held()
            if held and held != first:
                raise in_use(self._url, held)

    def _upload(self, files: dict[str, Path]) -> None:
        """Upload local files by name, in this order."""

        def put(name: str, local: Path) -> None:
            self._files.put_file(str(local), self._path(name))
            self._files.invalidate_cache()
            size = self._files.info(self._path(name))["size"]
            if size != local.stat().st_size:
                raise DiskError(f"{size} bytes arrived of {local.stat().st_size}")

        for name, local in files.items():
            self._write(name, partial(put, name, local))

    def _put(self, name: str, content: bytes) -> None:
        self._write(name, lambda: self._files.pipe_file(self._path(name), content))

    def _write(self, name: str, action: Callable[[], None]) -> None:
        try:
            self._repeat("write", name, action)
        except FileNotFoundError as error:
            raise DiskError(f"cannot write {self._url}/{name}: make the bucket or repository first") from error

    def _repeat(self, verb: str, name: str, action: Callable[[], T]) -> T:
        """Return the result of `action`, with retries.

        Raises
        ------
        FileNotFoundError : the file does not exist.
        DiskError : the action fails permanently, or too many times.
        """
        try:
            return repeat(action, self.tries, self.pauses)
        except RequestFailed as failure:
            error = failure.cause
            if isinstance(error, FileNotFoundError):
                raise error from None
            if status(error) == 404:
                raise FileNotFoundError(name) from error
            tries = f" ({failure.attempts} times)" if failure.attempts > 1 else ""
            raise DiskError(
                f"cannot {verb} {self._url}/{name}: {refusal(error, 'the store gives no reason')}{tries}; "
                "finished shards stay there, and the same command continues"
            ) from error


def _gone(held: str) -> bool:
    """True if the process that held a store ran on this machine and has ended."""
    try:
        process = json.loads(held)
        if process["host"] != socket.gethostname():
            return False
        os.kill(int(process["pid"]), 0)
    except ProcessLookupError:
        return True
    except (OSError, ValueError, KeyError, TypeError, OverflowError):
        return False
    return False
