"""Plug-ins that installed packages register as entry points: names, imports, and the message for one that fails."""

from collections.abc import Callable, MutableMapping
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from ..common.causes import short
from ..errors import IebenchError

KINDS = (
    "commands",
    "engines",
    "sources",
    "methods",
    "backbones",
    "encoders",
    "probes",
    "checks",
)  # groups iebench.KIND
REMEDY = "mend or remove that package"


def points(group: str) -> dict[str, EntryPoint]:
    """Return the entry points of a group by name. If several have one name, iebench's own counts, else the first."""
    known = sorted(entry_points(group=group), key=lambda point: (not ours(point), "" if ours(point) else point.value))
    found: dict[str, EntryPoint] = {}
    for point in known:
        found.setdefault(point.name, point)
    return found


def ours(point: EntryPoint) -> bool:
    """True for iebench's own entry points."""
    return point.value.startswith("iebench.")


def imported(point: EntryPoint, kind: str, broken: type[IebenchError]) -> Any:
    """Import the module or object of an entry point.

    kind : "method" or "probe", for the message; broken : class of the error to raise

    Raises
    ------
    broken : the import fails for any reason.
    """
    try:
        return point.load()
    except (Exception, SystemExit) as error:  # of any kind: it is the code of another package
        what = f"{point.value}, of the {kind} {point.name!r}, cannot be imported"
        raise broken(f"{what} ({short(error)}): {REMEDY}") from error


def load(point: EntryPoint, kind: str, registered: MutableMapping[str, Any], broken: type[IebenchError]) -> None:
    """Import the module of a method, probe, source or similar, and check that it registers itself.

    registered : registered entries by name; a package cannot replace an entry of iebench

    Raises
    ------
    broken : the import fails for any reason, replaces an entry of iebench, or does not register its own entry.
    """
    before = dict(registered)
    imported(point, kind, broken)
    if not ours(point):
        own = {name for name, other in points(point.group).items() if ours(other)} | before.keys()
        for name in own & {name for name, entry in registered.items() if entry is not before.get(name)}:
            registered.clear()
            registered.update(before)
            raise broken(f"{point.value} registers a {kind} {name!r}, and there is one: {REMEDY}")
    if point.name not in registered:
        raise broken(f"{point.value} does not register the {kind} {point.name!r}: {REMEDY}")


def attempt(point: EntryPoint, question: Callable[..., bool], *arguments: object) -> bool:
    """Call `question` of a plug-in that the user did not name; on failure, report it on standard error, return False.

    Errors are caught only for other packages; an error of iebench's own entry points is raised.
    """
    try:
        return question(*arguments)
    except IebenchError as error:
        if ours(point):
            raise
        fault = str(error)
    except (Exception, SystemExit) as error:
        if ours(point):
            raise
        fault = f"{point.value} failed ({short(error)}): {REMEDY}"
    from ..common.progress import say  # with rich, which the list of commands need not load

    say(f"iebench: {fault}")
    return False


def blamed(error: BaseException) -> str:
    """Return the sentence for an error raised by another package's plug-in; "" if no plug-in was involved."""
    theirs = {
        point.module.partition(".")[0]: point
        for kind in KINDS
        for point in entry_points(group=f"iebench.{kind}")
        if not ours(point)
    }
    blame = ""
    trace = error.__traceback__
    while trace is not None:  # the innermost frame of a plug-in decides
        frame = trace.tb_frame
        package = str(frame.f_globals.get("__name__", "")).partition(".")[0]
        if package in theirs:
            point, kind = theirs[package], theirs[package].group.removeprefix("iebench.").removesuffix("s")
            where = f"{Path(frame.f_code.co_filename).name}, line {trace.tb_lineno}"
            blame = f"{point.module}, of the {kind} {point.name!r}, failed in {where} ({short(error)}): {REMEDY}"
        trace = trace.tb_next
    return blame
