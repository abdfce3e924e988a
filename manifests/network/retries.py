"""Requests to a store in a network, repeated at growing intervals when they fail for a temporary reason."""

import errno
import json
import random
import time
from collections.abc import Callable
from typing import TypeVar

PERMANENT = (PermissionError, NotImplementedError, TypeError, ValueError, FileNotFoundError)
"""Errors that a retry cannot mend."""
FULL = (errno.ENOSPC, errno.EDQUOT)  # error numbers of a full disk
TEMPORARY = (408, 409, 412, 425, 429)  # status codes below 500 that a retry may mend

T = TypeVar("T")


class RequestFailed(Exception):
    """A request that failed permanently, or too many times. cause : the last error; attempts : their number"""

    def __init__(self, cause: Exception, attempts: int) -> None:
        super().__init__(attempts)
        self.cause, self.attempts = cause, attempts


def repeat(action: Callable[[], T], tries: int, pauses: tuple[float, float]) -> T:
    """Return the result of `action`, with retries.

    tries : largest number of attempts
    pauses : seconds: first pause after a failed attempt, doubled each time; longest pause

    Raises
    ------
    RequestFailed : the action fails permanently, or too many times.

    >>> repeat(lambda: 4, tries=3, pauses=(0.1, 1.0))
    4
    """
    shortest, longest = pauses
    for attempt in range(1, tries + 1):
        try:
            return action()
        except Exception as error:
            if attempt == tries or _is_permanent(error):
                raise RequestFailed(error, attempt) from error
            time.sleep(min(longest, shortest * 2 ** (attempt - 1)) * random.uniform(0.5, 1.0))
    raise AssertionError("the last attempt returns or raises")


def status(error: Exception) -> int:
    """Return the HTTP status of an error's response; 0 if it has none."""
    return int(getattr(getattr(error, "response", None), "status_code", 0))


def _is_permanent(error: Exception) -> bool:
    """True if a retry is useless."""
    if isinstance(error, json.JSONDecodeError):  # an answer that was cut off, or of a server that is overloaded
        return False
    if isinstance(error, PERMANENT) or (isinstance(error, OSError) and error.errno in FULL):
        return True
    return 400 <= status(error) < 500 and status(error) not in TEMPORARY
