"""Text files of any age and origin, converted to UTF-8 with plain line ends."""

import codecs
from collections.abc import Iterator
from pathlib import Path

from iebench.manifests.text.encoding import encoding_of

BYTES_PER_READ = 1 << 24


def decode(raw: bytes) -> str:
    """Decode a whole file: UTF-8, UTF-16 or else Latin-1, without byte order mark; line ends stay as they are."""
    encoding = encoding_of(raw[:64])
    if encoding in ("utf-8", "utf-8-sig"):
        return _decode_line(raw.removeprefix(codecs.BOM_UTF8))
    return raw.decode(encoding, "replace")


def _decode_line(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def utf8_blocks(path: Path) -> Iterator[bytes]:
    """Yield a text file as UTF-8 in blocks of whole lines that end in a line feed.

    Memory holds one block, or the longest line.
    """
    with path.open("rb") as file:
        start = file.read(64)
        encoding = encoding_of(start)
        marked = encoding == "utf-8-sig"  # even after a UTF-8 mark, lines may be in Latin-1
        file.seek(len(codecs.BOM_UTF8) if marked else 0)
        decoder = codecs.getincrementaldecoder(encoding)("replace") if encoding != "utf-8" and not marked else None
        rest = b""
        while raw := file.read(BYTES_PER_READ):
            block = rest + (decoder.decode(raw).encode() if decoder else raw)
            block = block.replace(b"\r\n", b"\n").replace(b"\r", b"\n")  # a \r\n split by blocks gives an empty line
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
