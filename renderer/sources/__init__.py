"""Sources: collections of objects. Each lists the objects of some classes; a renderer later loads them one by one.

A source is one file with a class decorated with `@source(name)`, named by an entry point of the group `iebench.sources`
and imported when it is used; iebench's own are named in its pyproject.toml.
"""

from .registry import SOURCES, ObjectRef, Source, open_source, source

__all__ = ["SOURCES", "ObjectRef", "Source", "open_source", "source"]
