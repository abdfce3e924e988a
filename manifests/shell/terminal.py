"""Standard output and error that end no command: whatever their encoding lacks, and when nobody reads them any more."""

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
"""Characters of iebench's own texts, in ASCII."""
ERRORS = "iebench-plain"  # name of the way in which a stream writes what its encoding lacks
UNDECODED = range(0xDC80, 0xDD00)  # what Python makes of bytes in a file's name that are no text


class Lasting(io.RawIOBase):
    """A stream that may lose its reader (`iebench ... | head`): the work goes on, and what is written then is lost.

    lossy : whether it may fail in any way, as standard error may; else a full disk is an error
    """

    def __init__(self, raw: io.RawIOBase, name: str, lossy: bool) -> None:
        super().__init__()
        self._raw, self._name, self._lossy, self._lost = raw, name, lossy, False

    def writable(self) -> bool:
        """True if it can be written to."""
        return True

    def write(self, data: Any) -> int:
        """Write bytes, as far as somebody reads them.

        Raises
        ------
        DiskError : no space, or the like; what is written later is lost.
        """
        left = memoryview(data)
        while left and not self._lost:
            try:
                written = self._raw.write(left)
                left = left[written or 0 :]
                time.sleep(0.01 if written is None else 0)  # a pipe that does not block is full for now
            except OSError as error:
                self._lost = True
                if not (self._lossy or isinstance(error, BrokenPipeError)):
                    raise disk_error(Path(self._name), error) from error
        return len(data)

    def fileno(self) -> int:
        """The number of its file."""
        return self._raw.fileno()

    def isatty(self) -> bool:
        """True for a terminal."""
        return self._raw.isatty()


def harden() -> None:
    """Make standard output and error of this process such streams. Called again, or in a test, it does nothing."""
    codecs.register_error(ERRORS, plain)
    for name, words, lossy in (("stdout", "standard output", False), ("stderr", "standard error", True)):
        stream = getattr(sys, name)
        buffer = getattr(stream, "buffer", None)
        raw = getattr(buffer, "raw", buffer)  # with `python -u` there is nothing between
        if stream is getattr(sys, f"__{name}__") and isinstance(raw, io.RawIOBase):
            stream.flush()
            lasting = Lasting(raw, words, lossy)
            below = cast(io.BufferedWriter, lasting if raw is buffer else io.BufferedWriter(lasting))
            wrapper = io.TextIOWrapper(
                below, stream.encoding, ERRORS, line_buffering=stream.line_buffering, write_through=stream.write_through
            )
            setattr(sys, name, wrapper)


def plain(error: UnicodeError) -> tuple[str, int]:
    r"""Spell what an encoding lacks in ASCII; an error handler of Python's codecs.

    >>> codecs.register_error(ERRORS, plain)
    >>> "≈ 5 mm, größer".encode("ascii", ERRORS), "a\udce9".encode("utf-8", ERRORS)
    (b'~ 5 mm, gr\\xf6\\xdfer', b'a\\xe9')
    """
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_spelling, error.object[error.start : error.end])), error.end


def undecoded(text: str) -> bool:
    """True if a name holds bytes that are no text in this locale's encoding."""
    return any(ord(letter) in UNDECODED for letter in text)


def _spelling(letter: str) -> str:
    if undecoded(letter):
        return f"\\x{ord(letter) - 0xDC00:02x}"
    return PLAIN.get(letter) or letter.encode("ascii", "backslashreplace").decode()
