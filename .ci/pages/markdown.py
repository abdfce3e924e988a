"""Markdown of generated pages: plain texts and tables."""

import re
from collections.abc import Callable, Iterable, Sequence

SPECIAL = re.compile(r"([\\*_\[\]])")
CODE = re.compile(r"(`[^`]+`)")


def plain(text: str) -> str:
    r"""Escape a text so that Markdown shows it as it is; code between backquotes stays code.

    >>> plain("METHOD_*, x <= 1, as in `sie_*`")
    'METHOD\\_\\*, x &lt;= 1, as in `sie_*`'
    """
    return _outside_code(text, lambda part: SPECIAL.sub(r"\\\1", part).replace("<", "&lt;").replace(">", "&gt;"))


def code(text: object) -> str:
    """Return a text as code."""
    return f"`{text}`"


def table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; a cell is Markdown of one line."""
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines) + "\n"


def _cell(text: str) -> str:
    """Escape the bars of a cell; Python-Markdown shows those of code as they are."""
    return _outside_code(text, lambda part: part.replace("|", "\\|"))


def _outside_code(text: str, change: Callable[[str], str]) -> str:
    """Change the parts of a text that do not stand between backquotes."""
    return "".join(part if i % 2 else change(part) for i, part in enumerate(CODE.split(text)))


def page(title: str, *blocks: str) -> str:
    """Return a page: its title and its blocks, one blank line between them."""
    return "\n\n".join([f"# {title}", *(block.strip("\n") for block in blocks if block)]) + "\n"
