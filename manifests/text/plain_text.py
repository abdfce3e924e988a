"""Text from other people's files: checks of names, notes and licences, and their safe display.

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
from .characters import KINDS, compiled

LONGEST_NAME = 120  # characters; for the name of a score, a run, a dataset, a recipe or a protocol

_WRONG, _WRONG_IN_LINES = compiled(lines=False), compiled(lines=True)


def flaw(text: str, lines: bool = False) -> str:
    """Describe the first forbidden character of a text; "" if there is none.

    lines : True if line breaks are allowed

    >>> flaw("Größe, 大きさ, 📦"), flaw("a\\x1b[31m"), flaw("a\\nb"), flaw("\\u202egnp.exe")
    ('', 'a control character (U+001B)', 'a line break (U+000A)', 'a mark of writing direction (U+202E)')
    """
    if text.isascii() and text.isprintable():
        return ""
    letter = next((match["wrong"] for match in _pattern(lines).finditer(text) if match["wrong"]), None)
    if letter is None:
        return ""
    code = ord(letter)
    kind = next(kind for kind, ranges in KINDS.items() if any(low <= code <= high for low, high in ranges))
    return f"{kind} (U+{code:04X})"


def cleaned(text: str, lines: bool = False) -> str:
    """Return a text with forbidden characters spelled in ASCII, for a terminal or a table.

    lines : True if line breaks are allowed

    >>> cleaned("a\\x1b[31m\\nb"), cleaned("a\\nb", lines=True)
    ('a\\\\x1b[31m\\\\x0ab', 'a\\nb')
    """
    return _pattern(lines).sub(lambda match: _spelt(ord(match["wrong"])) if match["wrong"] else match[0], text)


def _pattern(lines: bool) -> re.Pattern[str]:
    return _WRONG_IN_LINES if lines else _WRONG


def _spelt(code: int) -> str:
    if 0xDC80 <= code <= 0xDCFF:
        code -= 0xDC00  # a byte of a file name that is not valid UTF-8
    if code > 0xFFFF:
        return f"\\U{code:08x}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def check_text(table: Any, source: object, error: type[IebenchError], remedy: str) -> None:
    """Refuse texts and keys with forbidden characters in nested tables and lists, as read from JSON and TOML.

    source : the file; error : class of the error to raise; remedy : remedy for the message

    Raises
    ------
    IebenchError : of class `error`; the message names the file, the fields and the characters.
    """
    if flaws := list(_flaws(table)):
        raise error(f"{cleaned(str(source))}: {few(flaws, 2, '; ')}: {remedy}")


def _flaws(table: Any) -> Iterator[str]:
    """Yield a clause for each text with a forbidden character; iterative, as tables may be nested deeply."""
    left: list[tuple[Any, Any]] = [((), table)]  # path (nested pairs, innermost key first), value
    while left:
        where, value = left.pop()
        if isinstance(value, str) and (fault := flaw(value)):
            yield f"{_dotted(where)} holds {fault}"
        if isinstance(value, Mapping):
            for key in value:
                if isinstance(key, str) and (fault := flaw(key)):
                    yield f"the key {_dotted((where, key))} holds {fault}"
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
    UsageError : it is not a folder's name, is too long, begins with - or a dot, or contains a forbidden character.
    """
    if fault := name_fault(name):
        raise UsageError(f"{source} {cut(cleaned(name), 60)} {fault}")


def name_fault(name: str) -> str:
    """Return the reason why a text cannot be a name, with the remedy, as a clause; "" for a valid name.

    >>> name_fault("sie-builtin-s0"), name_fault("-rf"), name_fault("a/b")
    ('', 'begins with "-": begin with a letter or a digit', "is not a folder's name: leave out / and ..")
    """
    if fault := flaw(name):
        return f"holds {fault}: leave it out"
    if name == ".." or Path(name).name != name:
        return "is not a folder's name: leave out / and .."
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
