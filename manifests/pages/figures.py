"""Matplotlib figures in one style: as PNG on white, and as SVG whose ink adapts to a light or dark page."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib
from matplotlib.figure import Figure

INK = "#3c4045"  # in a PNG; in an SVG it is replaced by the page's text colour
SCHEMES = "svg{color:#3c4045;background:#fff}@media(prefers-color-scheme:dark){svg{color:#ced3d9;background:#15181b}}"
BOUND = "#8a929b"  # of floors and upper bounds
PALETTE = ("#2b7bd1", "#d9652b", "#2f9e5b", "#b5489d", "#94801a", "#7562d6", "#c43d4b", "#1f97a5", "#737b86", "#a2632e")
"""Colours that are legible on a light and on a dark page; report/core.js has the same."""
STYLE: Any = {
    "svg.fonttype": "none", "svg.hashsalt": "iebench", "font.family": "sans-serif", "font.size": 9,
    "text.parse_math": False,  # a name may contain dollar signs
    "text.color": INK, "axes.edgecolor": INK, "axes.labelcolor": INK, "xtick.color": INK, "ytick.color": INK,
}  # fmt: skip


@contextmanager
def styled() -> Iterator[None]:
    """Apply the style to figures drawn and saved inside this context."""
    with matplotlib.rc_context(STYLE):
        yield


class Picture(Figure):
    """A figure that notebooks show; `savefig(path)` writes it to a file."""

    def _repr_png_(self) -> bytes:
        with styled():
            return png(self, dpi=100)


def svg(figure: Figure) -> str:
    """Return a figure as an <svg> element with a transparent background; equal figures give equal bytes."""
    out = io.StringIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    figure.savefig(out, format="svg", transparent=True, metadata=nothing)
    text = out.getvalue()
    return text[text.index("<svg") :].replace(INK, "currentColor")


def page_svg(figure: Figure) -> str:
    """Return a figure as a complete SVG file for an <img>: dark ink on white, or the reverse on a dark page."""
    text = svg(figure)
    start = text.index(">") + 1
    return f"{text[:start]}<style>{SCHEMES}</style>{text[start:]}"


def png(figure: Figure, dpi: int = 150) -> bytes:
    """Return a figure as PNG on white; equal figures give equal bytes. dpi : pixels per inch"""
    out = io.BytesIO()
    figure.savefig(out, format="png", dpi=dpi, facecolor="white", metadata={"Software": None})
    return out.getvalue()
