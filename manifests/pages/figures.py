"""Matplotlib figures in one style: as PNG on white, and as SVG whose ink follows the page, light or dark."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib
from matplotlib.figure import Figure

INK = "#3c4045"  # on paper; on a page it gives way to the page's own, light or dark
STYLE: Any = {
    "svg.fonttype": "none", "svg.hashsalt": "iebench", "font.family": "sans-serif", "font.size": 9,
    "text.parse_math": False,  # a name may have dollars in it
    "text.color": INK, "axes.edgecolor": INK, "axes.labelcolor": INK, "xtick.color": INK, "ytick.color": INK,
}  # fmt: skip


@contextmanager
def styled() -> Iterator[None]:
    """The style, for what is drawn and saved inside."""
    with matplotlib.rc_context(STYLE):
        yield


def svg(figure: Figure) -> str:
    """An <svg> element with a transparent ground, the same bytes every time."""
    out = io.StringIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    figure.savefig(out, format="svg", transparent=True, metadata=nothing)
    text = out.getvalue()
    return text[text.index("<svg") :].replace(INK, "currentColor")


def png(figure: Figure) -> bytes:
    """A PNG on white, the same bytes every time."""
    out = io.BytesIO()
    figure.savefig(out, format="png", dpi=150, facecolor="white", metadata={"Software": None})
    return out.getvalue()
