"""Text in any Unicode encoding, as editors of all systems save it."""

import codecs

MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32", codecs.BOM_UTF32_BE: "utf-32",  # first: its mark begins with a UTF-16 mark
    codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16",
}  # fmt: skip


def encoding_of(start: bytes) -> str:
    """Return the encoding shown by a text's first bytes: by its mark, or UTF-16 by its zero bytes; else "utf-8".

    >>> encoding_of("v 1".encode("utf-16")), encoding_of("v 1".encode("utf-16-be")), encoding_of(b"v 1")
    ('utf-16', 'utf-16-be', 'utf-8')
    """
    for mark, encoding in MARKS.items():
        if start.startswith(mark):
            return encoding
    first, second = start[::2].count(0), start[1::2].count(0)  # mostly ASCII text has zeros in half of its bytes
    if 4 * max(first, second) > len(start) and min(first, second) == 0:
        return "utf-16-le" if second else "utf-16-be"
    return "utf-8"


def unicode_text(raw: bytes) -> str:
    """Decode a file's text without its mark; line ends stay as they are.

    Raises
    ------
    UnicodeDecodeError : the text is in no Unicode encoding.
    """
    return raw.decode(encoding_of(raw[:64]))
