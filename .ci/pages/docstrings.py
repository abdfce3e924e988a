"""Extension of griffe: lines `name : text` of a docstring become the table of a function's parameters.

iebench writes them without the heading "Parameters" that numpy's style needs.
"""

import re

from griffe import Class, Extension, Function, Object

ENTRY = re.compile(r"^[a-zA-Z_][\w, ]* : .+$")
NEXT = re.compile(r"; (?=[a-z_0-9]+(?:, [a-z_0-9]+)* : )")


def headed(text: str, title: str) -> str:
    """Put lines `name : text` under a heading, in the form of numpy's docstrings, and give errors that form too.

    >>> print(headed("Add.\\n\\na, b : numbers; c : sign\\n    of b\\n\\nRaises\\n------\\nA, B : no.", "Parameters"))
    Add.
    <BLANKLINE>
    Parameters
    ----------
    a, b
        numbers
    c
        sign of b
    <BLANKLINE>
    Raises
    ------
    A
        no.
    B
        no.
    """
    lines = text.splitlines()
    rule = next((i for i, line in enumerate(lines) if re.fullmatch(r"-{3,}", line.strip())), len(lines) + 1)
    prose, entries = _entries(lines[: rule - 1])
    blocks = ["\n".join(prose).strip()]
    if entries:
        blocks.append(_section(title, entries))
    rest = lines[rule - 1 :]
    if rest[:1] == ["Raises"]:
        prose, errors = _entries(rest[2:])
        blocks.append(_section("Raises", [(name, about) for names, about in errors for name in names.split(", ")]))
        rest = prose
    return "\n\n".join(block for block in (*blocks, "\n".join(rest).strip()) if block)


def _entries(lines: list[str]) -> tuple[list[str], list[tuple[str, str]]]:
    """Separate lines from the entries `name : text; other : text` among them, which continue in indented lines."""
    prose: list[str] = []
    entries: list[str] = []
    for line in lines:
        if ENTRY.match(line):
            entries.append(line)
        elif entries and line.startswith("    "):
            entries[-1] += f" {line.strip()}"
        else:
            prose.append(line)
    parts = [part.partition(" : ") for entry in entries for part in NEXT.split(entry)]
    return prose, [(name, about) for name, _, about in parts]


def _section(title: str, entries: list[tuple[str, str]]) -> str:
    lines = [line for name, about in entries for line in (name, f"    {about}")]
    return "\n".join([title, "-" * len(title), *lines])


class Headings(Extension):
    """Give docstrings the headings that the parser of numpy's style looks for."""

    def on_instance(self, *, obj: Object, **_: object) -> None:
        """Rewrite the docstring of a class or a function."""
        if obj.docstring is not None and isinstance(obj, Class | Function):
            obj.docstring.value = headed(obj.docstring.value, "Attributes" if isinstance(obj, Class) else "Parameters")
