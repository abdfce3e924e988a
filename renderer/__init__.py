"""Python interface of `iebench render`; docs/guides/python.md explains it.

Importing this package loads neither Blender nor torch: each name is imported at its first use.
"""

from importlib import import_module
from typing import TYPE_CHECKING

__all__ = ["RenderRequest", "RenderedDataset", "render"]

if TYPE_CHECKING:
    from .rendering.render import render
    from .rendering.rendered import RenderedDataset
    from .rendering.request import RenderRequest
else:
    _MODULES = {"RenderRequest": "request", "RenderedDataset": "rendered", "render": "render"}

    def __getattr__(name):
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f".rendering.{_MODULES[name]}", __name__), name)

    def __dir__():
        return sorted({*globals(), *__all__})
