"""Sources: collections of objects. Each lists the objects of some classes; a renderer later loads them one by one.

Each source has a file of its own, with a class decorated with `@source(name)`. An entry point of the group
`iebench.sources` names it, and it is imported at its first use. pyproject.toml names the sources of iebench itself.
"""

from .registry import SOURCES, ObjectRef, Source, open_source, source

__all__ = ["SOURCES", "ObjectRef", "Source", "open_source", "source"]
