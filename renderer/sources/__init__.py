"""Sources: collections of objects. Each lists the objects of some classes; a renderer later loads them one by one.

There is one file per source, with a class decorated with `@source(name)`. Another package adds a source through the
entry point group `iebench.sources`.
"""

from .builtin import Builtin
from .folder import Folder
from .manifest import Manifest
from .registry import SOURCES, ObjectRef, Source, open_source, source
from .shapenet import ShapeNet

__all__ = [
    "SOURCES", "Builtin", "Folder", "Manifest", "ObjectRef", "ShapeNet", "Source", "open_source", "source",
]  # fmt: skip
