"""What the project's HTML pages share: one style, light and dark, and pictures inside the page."""

import base64
from importlib.resources import files


def page_style() -> str:
    """The style sheet of every page."""
    return (files("iebench.manifests.pages") / "page.css").read_text(encoding="utf-8")


def embedded(content: bytes, kind: str) -> str:
    """A picture as the source of an <img>; kind : "png" or "jpeg"."""
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"
