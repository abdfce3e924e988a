"""Text from other people's files: characters that names, notes and licences may not contain, and their safe display.

Every reader of such a file calls `check_text`, and every option that takes a name calls `check_name`. File names may
contain any character and are never a reason to refuse a file: `cleaned` makes them fit for display. `escapes` writes a
text in Markdown, LaTeX and so on.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..brief import cut, few
from ..errors import IebenchError, UsageError

LONGEST_NAME = 120  # characters; for the name of a score, a run, a dataset, a recipe or a protocol

Ranges = tuple[tuple[int, int], ...]
LINE_BREAKS: Ranges = ((0x0A, 0x0D), (0x85, 0x85), (0x2028, 0x2029))
DIRECTIONS: Ranges = ((0x061C, 0x061C), (0x200E, 0x200F), (0x202A, 0x202E), (0x2066, 0x2069))
"""Marks that change the writing direction: the displayed order then differs from the stored order."""
CONTROLS: Ranges = ((0x00, 0x1F), (0x7F, 0x9F), (0xFFFE, 0xFFFF))
SURROGATES: Ranges = ((0xD800, 0xDFFF),)
KINDS = {
    "a line break": LINE_BREAKS, "a mark of writing direction": DIRECTIONS, "half a character": SURROGATES,
    "a control character": CONTROLS,
}  # fmt: skip
UNFIT: Ranges = (*CONTROLS, *LINE_BREAKS, *DIRECTIONS)
"""Characters that text may not contain. Surrogates are not listed: UTF-8, and so Parquet, cannot hold them."""
LINES: Ranges = (*((low, high) for low, high in UNFIT if low > 0x0D), (0x00, 0x09), (0x0B, 0x1F))
"""Characters that a text of several lines may not contain; its lines end in U+000A."""


def pattern(ranges: Ranges) -> str:
    """Return a regular expression of Arrow (RE2) that matches one of these characters."""
    return "[" + "".join(rf"\x{{{low:x}}}-\x{{{high:x}}}" for low, high in ranges) + "]"


def _compiled(ranges: Ranges) -> re.Pattern[str]:
    return re.compile("[" + "".join(rf"\u{low:04x}-\u{high:04x}" for low, high in (*ranges, *SURROGATES)) + "]")


_UNFIT, _UNFIT_OF_LINES = _compiled(UNFIT), _compiled(LINES)


def flaw(text: str) -> str:
    """Describe the first forbidden character of a text; "" if there is none.

    >>> flaw("Größe, 大きさ, 📦"), flaw("a\\x1b[31m"), flaw("a\\nb"), flaw("\\u202egnp.exe")
    ('', 'a control character (U+001B)', 'a line break (U+000A)', 'a mark of writing direction (U+202E)')
    """
    if not (found := _UNFIT.search(text)):
        return ""
    code = ord(found[0])
    kind = next(kind for kind, ranges in KINDS.items() if any(low <= code <= high for low, high in ranges))
    return f"{kind} (U+{code:04X})"


def cleaned(text: str, lines: bool = False) -> str:
    """Return a text with forbidden characters spelled in ASCII, for a terminal or a table.

    lines : True if line breaks are allowed

    >>> cleaned("a\\x1b[31m\\nb"), cleaned("a\\nb", lines=True)
    ('a\\\\x1b[31m\\\\x0ab', 'a\\nb')
    """
    return (_UNFIT_OF_LINES if lines else _UNFIT).sub(lambda found: _spelt(ord(found[0])), text)


def _spelt(code: int) -> str:
    if 0xDC80 <= code <= 0xDCFF:
        code -= 0xDC00  # a byte of a file name that is not valid UTF-8
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def check_text(table: Any, source: object, error: type[IebenchError], remedy: str) -> None:
    """Refuse texts and keys with forbidden characters in nested tables and lists, as read from JSON and TOML.

    source : the file; error : class of the error to raise; remedy : remedy for the message

    Raises
    ------
    IebenchError : of class `error`; the message names the file, the fields and the characters.
    """
    if found := list(_flaws(table)):
        raise error(f"{cleaned(str(source))}: {few(found, 2, '; ')}: {remedy}")


def _flaws(table: Any) -> Iterator[str]:
    """Yield a clause for each text with a forbidden character; iterative, as tables may be nested deeply."""
    left: list[tuple[Any, Any]] = [((), table)]  # path (nested pairs, innermost key first), value
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
    """Refuse a name that cannot be a folder's name, or that would be taken for something else (an option).

    source : option that gave the name, such as "--name"

    Raises
    ------
    UsageError : it is no folder's name, is too long, begins with - or a dot, or contains a forbidden character.
    """
    if fault := name_fault(name):
        raise UsageError(f"{source} {cut(cleaned(name), 60)} {fault}")


def name_fault(name: str) -> str:
    """Return the reason why a text cannot be a name, with the remedy, as a clause; "" for a valid name.

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
    """Check the length only, for a name that is not used for a folder, such as a recipe's."""
    return f"has {len(name)} letters: give one of at most {LONGEST_NAME}" if len(name) > LONGEST_NAME else ""
