"""Text files of any age and origin as UTF-8 with plain line ends."""

import codecs
from collections.abc import Iterator
from pathlib import Path

BLOCK = 1 << 24


def encoding_of(start: bytes) -> str:
    """UTF-16 by its mark or its zero bytes, else "utf-8"; which of UTF-8 and Latin-1 it is, each line may say itself.

    >>> encoding_of("v 1".encode("utf-16")), encoding_of("v 1".encode("utf-16-be")), encoding_of(b"v 1")
    ('utf-16', 'utf-16-be', 'utf-8')
    """
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    first, second = start[::2].count(0), start[1::2].count(0)  # most of the text is ASCII: half of its bytes are zero
    if 4 * max(first, second) > len(start) and min(first, second) == 0:
        return "utf-16-le" if second else "utf-16-be"
    return "utf-8"


def decode(raw: bytes) -> str:
    """A whole file's text: UTF-8, UTF-16 or else Latin-1, without mark, line ends as they are."""
    encoding = encoding_of(raw[:64])
    if encoding != "utf-8":
        return raw.decode(encoding, "replace").removeprefix("\ufeff")
    return _decode_line(raw.removeprefix(codecs.BOM_UTF8))


def _decode_line(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def utf8_blocks(path: Path) -> Iterator[bytes]:
    """A text file as UTF-8, in blocks of whole lines ending in a line feed; holds a block, or the longest line."""
    with path.open("rb") as file:
        start = file.read(64)
        encoding = encoding_of(start)
        file.seek(len(codecs.BOM_UTF8) if start.startswith(codecs.BOM_UTF8) else 0)
        decoder = codecs.getincrementaldecoder(encoding)("replace") if encoding != "utf-8" else None
        rest = b""
        while raw := file.read(BLOCK):
            block = rest + (decoder.decode(raw).encode() if decoder else raw)
            block = block.replace(b"\r\n", b"\n").replace(b"\r", b"\n")  # one cut in two becomes an empty line
            end = block.rfind(b"\n") + 1
            rest = block[end:]
            if end:
                yield _utf8(block[:end])
        if rest:
            yield _utf8(rest + b"\n")


def _utf8(block: bytes) -> bytes:
    if block.isascii():
        return block
    try:
        block.decode("utf-8")
        return block
    except UnicodeDecodeError:
        return b"".join(_decode_line(line).encode() for line in block.splitlines(keepends=True))
