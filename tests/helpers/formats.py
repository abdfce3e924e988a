"""Parsers of Markdown and TeX that show how a reader would interpret a text in them."""

import re
from html.parser import HTMLParser

from markdown_it import MarkdownIt

INLINE = {"text", "text_special", "softbreak", "strong_open", "strong_close", "code_inline"}
LINKED = re.compile(
    r"[a-z]://|\bwww\.|@[\w-]+\.\w|(?<!\w)@\w|#[0-9]|\bgh-[0-9]|\b[0-9a-f]{7,40}\b|:[a-z0-9_+-]+:",
    re.IGNORECASE,
)
"""Text that GitHub links or replaces after the Markdown is read, so that a backslash does not keep it from that."""


def markdown_shape(text: str, allowed: frozenset[str] = frozenset()) -> tuple[list[str], list[str]]:
    """Return the kinds of a Markdown text's blocks, and the plain text of each line or cell.

    Fails on markup inside them, except for the `allowed` kinds, and on text that GitHub turns into a link.
    """
    blocks, plain = [], []
    for token in MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text):
        blocks.append(token.type)
        if token.type == "inline":
            kinds = {child.type for child in token.children or []}
            assert kinds <= INLINE | allowed, (token.content, kinds - INLINE)
            shown = "".join(c.content if c.type.startswith("text") else "\n" for c in token.children or [])
            assert not LINKED.search(shown), token.content
            plain.append("".join(child.content for child in token.children or []))
    return blocks, plain


def tex_shape(text: str) -> list[tuple[str, int]]:
    """For every TeX line but comments: its last control sequence and its number of cells; fails on active TeX."""
    shape = []
    for line in text.split("\n"):
        if line.startswith("%"):
            continue
        tokens = re.findall(r"\\[A-Za-z]+|\\.|.", line)
        assert set(re.findall(r"\\[A-Za-z]+", line)) <= COMMANDS, line
        assert not {"^", "_", "~", "#", "%", "$"} & set(MATHS.sub("", line.replace("\\\\", "")).split()), line
        bare = [token for token in re.findall(r"\\[A-Za-z]+|\\.|.", MATHS.sub("", line)) if token in "^_~#%$"]
        assert not bare, line
        depth = 0
        for token in tokens:
            depth += (token == "{") - (token == "}")
            assert depth >= 0, line
        assert depth == 0, line
        assert not re.match(r"\s*(\[|\*)", line), "an argument of the row before"
        shape.append((line[-2:] if line.endswith("\\\\") else "", tokens.count("&")))
    return shape


MATHS = re.compile(r"\$(\^2|\^\\circ|\\pm|\^\\approx|-)\$")
COMMANDS = {
    "\\begin", "\\end", "\\toprule", "\\midrule", "\\bottomrule", "\\textbf", "\\scriptsize", "\\approx", "\\pm",
    "\\circ", "\\textbackslash", "\\textasciitilde", "\\textasciicircum", "\\textless", "\\textgreater", "\\textbar",
}  # fmt: skip


class Page(HTMLParser):
    """Collects tags with their attribute names, in order, and the texts between them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, ...]] = []
        self.texts: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, *(name for name, _ in attrs)))

    def handle_endtag(self, tag: str) -> None:
        self.tags.append((f"/{tag}",))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)
