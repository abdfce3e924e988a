"""Shared parts of the project's HTML pages: one style sheet, light and dark, and images embedded in the page."""

import base64
from importlib.resources import files


def page_style() -> str:
    """Return the style sheet of every page."""
    return (files("iebench.manifests.pages") / "page.css").read_text(encoding="utf-8")


def embedded(content: bytes, kind: str) -> str:
    """Return an image as the source of an <img>; kind : "png" or "jpeg"."""
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"
