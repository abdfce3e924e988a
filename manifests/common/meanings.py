"""Descriptions of a dataclass's fields, read from its docstring and shown by commands and schemas."""

import inspect
import re

_ENTRY = re.compile(r"^([\w, ]+) : (.+(?:\n[ ]{4}.+)*)", re.MULTILINE)
_NEXT = re.compile(r"; (?=[a-z_0-9]+(?:, [a-z_0-9]+)* : )")


def meanings(cls: type) -> dict[str, str]:
    """Return field -> description, from lines "name, other : text" in the docstrings of a class and its bases.

    Several entries may share a line: "name : text; other : text". A text continues in lines indented by four blanks.
    """
    texts: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        for match in _ENTRY.finditer(inspect.cleandoc(base.__doc__ or "")):
            for entry in _NEXT.split(" ".join(match[0].split())):
                names, _, meaning = entry.partition(" : ")
                texts |= dict.fromkeys(names.split(", "), meaning)
    return texts
