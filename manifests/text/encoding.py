"""Text in one of Unicode's encodings, as editors of all systems save it."""

import codecs

MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32", codecs.BOM_UTF32_BE: "utf-32",  # before UTF-16, whose mark begins one of these
    codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16",
}  # fmt: skip


def encoding_of(start: bytes) -> str:
    """The encoding that a text's first bytes show: by its mark, or UTF-16 by its zero bytes; else "utf-8".

    >>> encoding_of("v 1".encode("utf-16")), encoding_of("v 1".encode("utf-16-be")), encoding_of(b"v 1")
    ('utf-16', 'utf-16-be', 'utf-8')
    """
    for mark, encoding in MARKS.items():
        if start.startswith(mark):
            return encoding
    first, second = start[::2].count(0), start[1::2].count(0)  # most of the text is ASCII: half of its bytes are zero
    if 4 * max(first, second) > len(start) and min(first, second) == 0:
        return "utf-16-le" if second else "utf-16-be"
    return "utf-8"


def unicode_text(raw: bytes) -> str:
    """A file's text, without a mark, line ends as they are.

    Raises
    ------
    UnicodeDecodeError : it is in no encoding of Unicode.
    """
    return raw.decode(encoding_of(raw[:64]))
