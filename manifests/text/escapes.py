"""Escaping of text for each output format: one function per format; a reader of the format gets the same text back.

The functions accept any text; characters that `plain_text.flaw` finds are spelled out in ASCII first.
"""

import html as standard
import re
from collections.abc import Iterable

from rich.text import Text

from .plain_text import cleaned

_LATEX = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", "[": "{[}", "]": "{]}", "*": "{*}",  # after \\, LaTeX takes [ and * for its arguments
    '"': "''", "`": "{`}", "²": "$^2$", "°": r"$^\circ$", "±": r"$\pm$", "−": "$-$",
}  # fmt: skip
_LATEX_TABLE = str.maketrans(_LATEX)
_MARKDOWN = re.compile(r"[\\`*_\[\]<>#~&$]")
_LINKED = re.compile(
    r"\w://|(?<![^\W_])www\.|(?<!\w)@\w|@[\w-]+\.\w|#\d|(?<![^\W_])gh-\d|(?<![^\W_])[0-9a-f]{7,40}(?![^\W_])|:[\w+-]+:",
    re.IGNORECASE,
)
"""Part of a word that GitHub turns into a link or a picture, mostly even after a backslash: an address of the web or of
mail, a mention, an issue's number, a commit's hash, the name of an emoji."""
_BLOCK = re.compile(r"^(\d+(?=[.)](?:\s|$))|(?=[-+=]))")  # position before the mark of a list or heading
_FORMULA = re.compile(r"(^|[;|])(\s*)(?=[=+\-@＝＋－＠])")  # start of a cell; some locales separate cells by ;


def screen(text: str, lines: bool = False) -> Text:
    """For rich: without markup, emoji codes or control characters. lines : True if line breaks are allowed"""
    return Text(cleaned(text, lines))


def markdown(text: str) -> str:
    """Escape for a line or a cell of Markdown (CommonMark and GitHub's): no markup, links, HTML, mathematics.

    Words that GitHub would link become code, in which no renderer links anything.

    >>> print(markdown("a_b|c <img>"), markdown("- see @team at x@y.z"))
    a\\_b\\|c \\<img\\> \\- see `@team` at `x@y.z`
    """
    return _BLOCK.sub(r"\1\\", re.sub(r"\S+", lambda match: _markdown_word(match[0]), cleaned(text).strip()))


def _markdown_word(word: str) -> str:
    parts = (
        markdown_code(part) if _LINKED.search(part) else _MARKDOWN.sub(r"\\\g<0>", part) for part in word.split("|")
    )
    return r"\|".join(parts)  # a | in code needs a backslash in a table, and shows it elsewhere


def markdown_code(text: str) -> str:
    """Format as code in a line or a cell of Markdown.

    >>> print(markdown_code("rot_x"), markdown_code("a`b|c"))
    `rot_x` ``a`b\\|c``
    """
    text = cleaned(text).replace("|", "\\|")
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", text)), default=0))
    blank = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{blank}{text}{blank}{fence}"


def markdown_row(cells: Iterable[str]) -> str:
    """Return a row of a Markdown table from cells that are Markdown already."""
    return "| " + " | ".join(cells) + " |"


def csv_cell(text: str) -> str:
    """Escape for a cell of a spreadsheet: a text that would be read as a formula gets an apostrophe before it.

    >>> csv_cell("sie"), csv_cell("=HYPERLINK(1)")
    ('sie', "'=HYPERLINK(1)")
    """
    return _FORMULA.sub(r"\1'\2", cleaned(text))


def latex(text: str) -> str:
    """Escape for a paragraph or a cell of LaTeX.

    >>> print(latex("50 % of R²"), latex(r"\\input{x}"), latex("a--b"))
    50 \\% of R$^2$ \\textbackslash{}input\\{x\\} a-{}-b
    """
    return re.sub("-(?=-)", "-{}", cleaned(text).translate(_LATEX_TABLE))


def html(text: str) -> str:
    """Escape for an element or a quoted attribute of HTML."""
    return standard.escape(cleaned(text), quote=True)


def yaml(text: str) -> str:
    """Return a text as a quoted scalar of YAML.

    >>> print(yaml('a: "b" \\\\ 大'))
    "a: \\"b\\" \\\\ 大"
    """
    return '"' + "".join(map(_yaml, cleaned(text))) + '"'


def _yaml(letter: str) -> str:
    if letter in '"\\':
        return "\\" + letter
    return letter if letter.isprintable() else f"\\U{ord(letter):08X}"
