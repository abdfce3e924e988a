"""Text of other people's files: what no name, note or licence may hold, and how a file's name is shown all the same.

Every reader of such a file calls `check_text`, and what takes a name as an option calls `check_name`. Names of files
may hold anything, and are no reason to refuse a file: `cleaned` makes them fit to be shown. How a text is then written
in Markdown, LaTeX and so on is in `escapes`.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..brief import cut, few
from ..errors import IebenchError, UsageError

LONGEST_NAME = 120  # characters of the name of a score, a run, a dataset, a recipe or a protocol

Ranges = tuple[tuple[int, int], ...]
LINE_BREAKS: Ranges = ((0x0A, 0x0D), (0x85, 0x85), (0x2028, 0x2029))
DIRECTIONS: Ranges = ((0x061C, 0x061C), (0x200E, 0x200F), (0x202A, 0x202E), (0x2066, 0x2069))
"""Marks that turn the direction of writing: what is shown has another order than what is stored."""
CONTROLS: Ranges = ((0x00, 0x1F), (0x7F, 0x9F), (0xFFFE, 0xFFFF))
SURROGATES: Ranges = ((0xD800, 0xDFFF),)
KINDS = {
    "a line break": LINE_BREAKS, "a mark of writing direction": DIRECTIONS, "half a character": SURROGATES,
    "a control character": CONTROLS,
}  # fmt: skip
UNFIT: Ranges = (*CONTROLS, *LINE_BREAKS, *DIRECTIONS)
"""What text may not hold, beside the surrogates, which UTF-8 and so Parquet cannot hold."""
LINES: Ranges = (*((low, high) for low, high in UNFIT if low > 0x0D), (0x00, 0x09), (0x0B, 0x1F))
"""The same for a text of several lines, which end in U+000A."""


def pattern(ranges: Ranges) -> str:
    """A regular expression of Arrow's (RE2's) for one of these characters."""
    return "[" + "".join(rf"\x{{{low:x}}}-\x{{{high:x}}}" for low, high in ranges) + "]"


def _compiled(ranges: Ranges) -> re.Pattern[str]:
    return re.compile("[" + "".join(rf"\u{low:04x}-\u{high:04x}" for low, high in (*ranges, *SURROGATES)) + "]")


_UNFIT, _UNFIT_OF_LINES = _compiled(UNFIT), _compiled(LINES)


def flaw(text: str) -> str:
    """The first thing in a text that it may not hold, in words; "" for a sound text.

    >>> flaw("Größe, 大きさ, 📦"), flaw("a\\x1b[31m"), flaw("a\\nb"), flaw("\\u202egnp.exe")
    ('', 'a control character (U+001B)', 'a line break (U+000A)', 'a mark of writing direction (U+202E)')
    """
    if not (found := _UNFIT.search(text)):
        return ""
    code = ord(found[0])
    kind = next(kind for kind, ranges in KINDS.items() if any(low <= code <= high for low, high in ranges))
    return f"{kind} (U+{code:04X})"


def cleaned(text: str, lines: bool = False) -> str:
    """A text with what it may not hold spelt in ASCII, for a screen or a table.

    lines : whether it may have several lines

    >>> cleaned("a\\x1b[31m\\nb"), cleaned("a\\nb", lines=True)
    ('a\\\\x1b[31m\\\\x0ab', 'a\\nb')
    """
    return (_UNFIT_OF_LINES if lines else _UNFIT).sub(lambda found: _spelt(ord(found[0])), text)


def _spelt(code: int) -> str:
    if 0xDC80 <= code <= 0xDCFF:
        code -= 0xDC00  # a byte of a file's name that is no text in UTF-8
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def check_text(table: Any, source: object, error: type[IebenchError], remedy: str) -> None:
    """Refuse texts and keys with a `flaw` in nested tables and lists, as JSON and TOML have them.

    source : the file; error : what to raise; remedy : what mends it

    Raises
    ------
    IebenchError : of that kind; names the file, the fields, and what they hold.
    """
    if found := list(_flaws(table)):
        raise error(f"{cleaned(str(source))}: {few(found, 2, '; ')}: {remedy}")


def _flaws(table: Any) -> Iterator[str]:
    """A clause for each text with a flaw. Tables that are left are in a list: they may be nested deeply."""
    left: list[tuple[Any, Any]] = [((), table)]  # where (the keys, innermost first, as pairs), what
    while left:
        where, value = left.pop()
        if isinstance(value, str) and (what := flaw(value)):
            yield f"{_dotted(where)} holds {what}"
        if isinstance(value, Mapping):
            for key in value:
                if isinstance(key, str) and (what := flaw(key)):
                    yield f"the key {_dotted((where, key))} holds {what}"
            left += [((where, key), inner) for key, inner in value.items() if isinstance(inner, str | Mapping | list)]
        elif isinstance(value, list):
            left += [((where, i), inner) for i, inner in enumerate(value) if isinstance(inner, str | Mapping | list)]


def _dotted(where: Any) -> str:
    keys: list[str] = []
    while where:
        where, key = where
        keys.append(cleaned(str(key)))
    return cut(".".join(reversed(keys)), 80) or "it"


def check_name(name: str, source: str) -> None:
    """Refuse what cannot be the name of a folder, or would be taken for something else where it is used as one.

    source : where it was given, such as "--name"

    Raises
    ------
    UsageError : it is no folder's name, too long, begins with - or a dot, or has a `flaw`.
    """
    if fault := name_fault(name):
        raise UsageError(f"{source} {cut(cleaned(name), 60)} {fault}")


def name_fault(name: str) -> str:
    """What keeps a text from being a name, with the remedy, as a clause; "" for a name.

    >>> name_fault("sie-builtin-s0"), name_fault("-rf"), name_fault("a/b")
    ('', 'begins with "-": begin with a letter or a digit', "is no folder's name: leave out / and ..")
    """
    if what := flaw(name):
        return f"holds {what}: leave it out"
    if name == ".." or Path(name).name != name:
        return "is no folder's name: leave out / and .."
    if not name.strip():
        return "is empty: give one"
    if name != name.strip():
        return "begins or ends with a blank: leave it out"
    if name[0] in "-.":
        return f'begins with "{name[0]}": begin with a letter or a digit'
    return length_fault(name)


def length_fault(name: str) -> str:
    """The same for a name that no folder has, such as a recipe's, whose other letters are free."""
    return f"has {len(name)} letters: give one of at most {LONGEST_NAME}" if len(name) > LONGEST_NAME else ""
