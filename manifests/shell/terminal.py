"""Standard output and error that never end a command: missing characters, and readers that close early."""

import codecs
import io
import sys
import time
from pathlib import Path
from typing import Any, cast

from ..common.files import disk_error

PLAIN = {
    "≈": "~", "─": "-", "–": "-", "−": "-", "│": "|", "├": "|", "└": "`", "°": "deg", "²": "2", "±": "+-", "×": "x",
    "…": "...", "π": "pi",
}  # fmt: skip
"""ASCII replacements of the characters used in iebench's own texts."""
ERRORS = "iebench-plain"  # name of the codec error handler `plain`
UNDECODED = range(0xDC80, 0xDD00)  # code points by which Python represents undecodable bytes of a file name


class Lasting(io.RawIOBase):
    """Stream that survives the loss of its reader (`iebench ... | head`): the work goes on, later output is discarded.

    lossy : True if any write error is ignored, as for standard error; otherwise a full disk raises an error
    """

    def __init__(self, raw: io.RawIOBase, name: str, lossy: bool) -> None:
        super().__init__()
        self._raw, self._name, self._lossy, self._lost = raw, name, lossy, False

    def writable(self) -> bool:
        """True if the stream can be written to."""
        return True

    def write(self, data: Any) -> int:
        """Write bytes as long as the stream has a reader.

        Raises
        ------
        DiskError : no space or a similar cause; later output is discarded.
        """
        left = memoryview(data)
        while left and not self._lost:
            try:
                written = self._raw.write(left)
                left = left[written or 0 :]
                time.sleep(0.01 if written is None else 0)  # None: a non-blocking pipe is full for now
            except OSError as error:
                self._lost = True
                if not (self._lossy or isinstance(error, BrokenPipeError)):
                    raise disk_error(Path(self._name), error) from error
        return len(data)

    def fileno(self) -> int:
        """Return the stream's file descriptor."""
        return self._raw.fileno()

    def isatty(self) -> bool:
        """True for a terminal."""
        return self._raw.isatty()


def harden() -> None:
    """Replace this process's standard output and error by `Lasting` streams; does nothing if repeated or in a test."""
    codecs.register_error(ERRORS, plain)
    for name, words, lossy in (("stdout", "standard output", False), ("stderr", "standard error", True)):
        stream = getattr(sys, name)
        buffer = getattr(stream, "buffer", None)
        raw = getattr(buffer, "raw", buffer)  # with `python -u` there is no buffer between
        if stream is getattr(sys, f"__{name}__") and isinstance(raw, io.RawIOBase):
            stream.flush()
            lasting = Lasting(raw, words, lossy)
            below = cast(io.BufferedWriter, lasting if raw is buffer else io.BufferedWriter(lasting))
            wrapper = io.TextIOWrapper(
                below, stream.encoding, ERRORS, line_buffering=stream.line_buffering, write_through=stream.write_through
            )
            setattr(sys, name, wrapper)


def plain(error: UnicodeError) -> tuple[str, int]:
    r"""Replace characters that an encoding lacks by ASCII; an error handler for Python's codecs.

    >>> codecs.register_error(ERRORS, plain)
    >>> "≈ 5 mm, größer".encode("ascii", ERRORS), "a\udce9".encode("utf-8", ERRORS)
    (b'~ 5 mm, gr\\xf6\\xdfer', b'a\\xe9')
    """
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_spelling, error.object[error.start : error.end])), error.end


def undecoded(text: str) -> bool:
    """True if a file name contains bytes that are invalid in this locale's encoding."""
    return any(ord(letter) in UNDECODED for letter in text)


def _spelling(letter: str) -> str:
    if undecoded(letter):
        return f"\\x{ord(letter) - 0xDC00:02x}"
    return PLAIN.get(letter) or letter.encode("ascii", "backslashreplace").decode()
