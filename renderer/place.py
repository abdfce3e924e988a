"""A worker's number among those of one machine and user: the lowest that no living worker holds."""

import os
import tempfile
from functools import cache
from itertools import count
from pathlib import Path
from typing import IO

_held: list[IO[bytes]] = []  # the lock lasts as long as the process, however it ends


@cache
def take_place() -> int:
    """This process's number: the lowest that was free. Always 0 where a system has no file locks."""
    try:
        import fcntl
    except ImportError:
        return 0
    folder = Path(tempfile.gettempdir()) / f"iebench-places-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    for number in count():
        file = (folder / str(number)).open("ab")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            continue
        _held.append(file)
        return number
    raise AssertionError
