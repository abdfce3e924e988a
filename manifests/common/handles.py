"""Reading at random places of more files than may be open: few are, and the limit is raised where it may be."""

import errno
import os
import resource
import threading
import weakref
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

SHARE = 4  # a set of files opens at most one in so many of those that the process may have open
FEWEST = 16
MOST = 65_536  # files that a process asks for


class Files:
    """Some files, of which those read last are open. Threads may share it.

    paths : in order; a file is called by its place here
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self.paths = paths
        self._most = max(FEWEST, raised_limit(SHARE * len(paths)) // SHARE)
        self._open = OrderedDict[int, _Handle]()  # the one read last comes last
        self._lock = threading.Lock()
        _ALL.add(self)

    def read(self, number: int, size: int, offset: int) -> bytes:
        """At most `size` bytes of the file with this number, from byte `offset`.

        Raises
        ------
        OSError : it cannot be read.
        """
        handle = self._handle(number)  # stays open while it is held here, whoever pushes it out meanwhile
        return os.pread(handle.number, size, offset)

    def close(self) -> None:
        """Close all files; the next that is read is opened again."""
        with self._lock:
            self._open.clear()

    def _handle(self, number: int) -> "_Handle":
        with self._lock:
            if number in self._open:
                self._open.move_to_end(number)
                return self._open[number]
        try:
            handle = _Handle(self.paths[number])
        except OSError as error:
            if error.errno not in (errno.EMFILE, errno.ENFILE):
                raise
            for files in list(_ALL):  # they hold what others than them need now
                files.close()
            handle = _Handle(self.paths[number])
        with self._lock:
            self._open[number] = handle
            while len(self._open) > self._most:
                self._open.popitem(last=False)
        return handle


_ALL = weakref.WeakSet[Files]()  # of this process


class _Handle:
    """An open file; closed once nobody holds it."""

    def __init__(self, path: Path) -> None:
        self.number = -1
        self.number = os.open(path, os.O_RDONLY)

    def __del__(self) -> None:
        if self.number >= 0:
            os.close(self.number)


def raised_limit(wanted: int) -> int:
    """Number of files that this process may have open, after asking for `wanted` where the system lets it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = MOST if hard == resource.RLIM_INFINITY else min(hard, MOST)
    if soft == resource.RLIM_INFINITY:
        return most
    if wanted > soft and most > soft:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, most), hard))
        except (OSError, ValueError):  # macOS has another limit below the one that it shows
            return soft
        return min(wanted, most)
    return soft
