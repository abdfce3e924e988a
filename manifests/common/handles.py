"""Random access to more files than the process may open: few stay open, and the limit is raised if allowed."""

import errno
import os
import resource
import threading
import weakref
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

SHARE = 4  # a set of files opens at most 1/SHARE of the files that the process may open
FEWEST = 16
MOST = 65_536  # largest limit of open files that a process requests


class Files:
    """A set of files of which the most recently read ones are open. It is safe to use from several threads.

    paths : the files, in order; a file is addressed by its index in this sequence
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self.paths = paths
        self._most = max(FEWEST, raised_limit(SHARE * len(paths)) // SHARE)
        self._open = OrderedDict[int, _Handle]()  # the most recently read file comes last
        self._lock = threading.Lock()
        _ALL.add(self)

    def read(self, number: int, size: int, offset: int) -> bytes:
        """Read at most `size` bytes from byte `offset` of the file with index `number`.

        Raises
        ------
        OSError : the file cannot be read.
        """
        handle = self._handle(number)  # this reference keeps the file open even if it is evicted meanwhile
        return os.pread(handle.number, size, offset)

    def close(self) -> None:
        """Close all files; a file is opened again when it is read."""
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
            for files in list(_ALL):  # the other sets give up their open files
                files.close()
            handle = _Handle(self.paths[number])
        with self._lock:
            self._open[number] = handle
            while len(self._open) > self._most:
                self._open.popitem(last=False)
        return handle


_ALL = weakref.WeakSet[Files]()  # all sets of this process


class _Handle:
    """An open file; it is closed when the last reference to it is gone."""

    def __init__(self, path: Path) -> None:
        self.number = -1
        self.number = os.open(path, os.O_RDONLY)

    def __del__(self) -> None:
        if self.number >= 0:
            os.close(self.number)


def raised_limit(count: int) -> int:
    """Request a limit of `count` open files from the system; return the limit that then applies to this process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = MOST if hard == resource.RLIM_INFINITY else min(hard, MOST)
    if soft == resource.RLIM_INFINITY:
        return most
    if count > soft and most > soft:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(count, most), hard))
        except (OSError, ValueError):  # macOS has another limit below the one that it reports
            return soft
        return min(count, most)
    return soft
