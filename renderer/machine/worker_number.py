"""Number of a worker among the workers of one machine and user: the lowest number that no living worker holds."""

from functools import cache
from itertools import count
from typing import IO

from .private import open_own, private_folder

_held: list[IO[bytes]] = []  # keeps the lock until the process ends, however it ends


@cache
def take_worker_number() -> int:
    """Return this process's number, the lowest that was free; always 0 on systems without file locks.

    Raises
    ------
    UsageError : see `private_folder`.
    """
    try:
        import fcntl
    except ImportError:
        return 0
    folder = private_folder()
    for number in count():
        file = open_own(folder / f"worker-{number}")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            continue
        _held.append(file)
        return number
    raise AssertionError
