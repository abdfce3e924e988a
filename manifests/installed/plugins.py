"""Entry points of installed packages by name, and the sentence for an error in another package's code."""

import sys
from contextlib import suppress
from functools import lru_cache
from importlib.metadata import EntryPoint, EntryPoints, distributions, entry_points
from pathlib import Path

from ..common.causes import short

OURS = "iebench"  # our own package
REMEDY = "mend or remove that package"


def points(group: str) -> dict[str, EntryPoint]:
    """Return the entry points of a group by name. If several have one name, iebench's own counts, else the first."""
    known = sorted(installed(group), key=lambda point: (not ours(point), "" if ours(point) else point.value))
    by_name: dict[str, EntryPoint] = {}
    for point in known:
        by_name.setdefault(point.name, point)
    return by_name


def rivals(point: EntryPoint) -> list[EntryPoint]:
    """Return other entry points of the same group and name; none replaces one of iebench."""
    if ours(point):
        return []
    return [other for other in installed(point.group).select(name=point.name) if other.value != point.value]


def installed(group: str) -> EntryPoints:
    """Return a group's entry points of all installed packages.

    They are cached, since a command needs them some hundred times. A change of a folder of sys.path renews the cache.
    """
    folders = []
    for name in sys.path:
        with suppress(OSError):  # a name of sys.path need not exist
            folders.append((name, Path(name).stat().st_mtime_ns))
    return _read(group, tuple(folders))


@lru_cache(maxsize=64)
def _read(group: str, folders: tuple[tuple[str, int], ...]) -> EntryPoints:
    return entry_points(group=group)


def ours(point: EntryPoint) -> bool:
    """True for iebench's own entry points."""
    return package(point.module) == OURS


def package(module: str) -> str:
    """Return the outermost package of a module's dotted name."""
    return module.partition(".")[0]


def blamed(error: BaseException) -> str:
    """Return the sentence for an error raised by another package's plug-in; "" if no plug-in was involved."""
    points = {
        package(point.module): point
        for distribution in distributions()
        for point in distribution.entry_points
        if point.group.startswith(f"{OURS}.") and not ours(point)
    }
    blame = ""
    trace = error.__traceback__
    while trace is not None:  # the innermost frame of a plug-in decides
        frame = trace.tb_frame
        point = points.get(package(str(frame.f_globals.get("__name__", ""))))
        if point:
            kind = point.group.removeprefix(f"{OURS}.").removesuffix("s")
            line = f"{Path(frame.f_code.co_filename).name}, line {trace.tb_lineno}"
            blame = f"{point.module}, of the {kind} {point.name!r}, failed in {line} ({short(error)}): {REMEDY}"
        trace = trace.tb_next
    return blame
