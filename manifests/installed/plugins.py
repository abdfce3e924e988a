"""Everything that installed packages bring by entry points: names, imports that may fail, and who is to blame."""

from collections.abc import Callable, MutableMapping
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from ..common.causes import short
from ..errors import IebenchError

KINDS = ("commands", "engines", "sources", "methods", "backbones", "encoders", "probes")  # groups iebench.KIND
REMEDY = "mend or remove that package"


def points(group: str) -> dict[str, EntryPoint]:
    """The entry points of a group by name, iebench's own first. Of several with one name the first counts."""
    known = sorted(entry_points(group=group), key=lambda point: (not ours(point), "" if ours(point) else point.value))
    found: dict[str, EntryPoint] = {}
    for point in known:
        found.setdefault(point.name, point)
    return found


def ours(point: EntryPoint) -> bool:
    """True for iebench's own entry points."""
    return point.value.startswith("iebench.")


def imported(point: EntryPoint, kind: str, broken: type[IebenchError]) -> Any:
    """The module or object that an entry point names.

    kind : "method" or "probe", for the message; broken : the error that is raised

    Raises
    ------
    broken : the import fails, for whatever reason.
    """
    try:
        return point.load()
    except (Exception, SystemExit) as error:  # any: it is somebody else's code
        what = f"{point.value}, of the {kind} {point.name!r}, cannot be imported"
        raise broken(f"{what} ({short(error)}): {REMEDY}") from error


def load(point: EntryPoint, kind: str, registered: MutableMapping[str, Any], broken: type[IebenchError]) -> None:
    """Import the module of a method, probe, source and so on, which then has to be registered.

    registered : what is registered, by name; a package cannot take the place of what is iebench's own

    Raises
    ------
    broken : the import fails, for whatever reason, registers something of iebench, or does not register its own.
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
    """Put a question to a plug-in that nobody asked for by name; one that fails is named on standard error, and False.

    Only for packages of others: what iebench itself raises is passed on.
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
    """The sentence for an error that another package's plug-in raised; "" where none of them was at work."""
    theirs = {
        point.module.partition(".")[0]: point
        for kind in KINDS
        for point in entry_points(group=f"iebench.{kind}")
        if not ours(point)
    }
    blame = ""
    trace = error.__traceback__
    while trace is not None:  # the innermost frame of a plug-in counts
        frame = trace.tb_frame
        package = str(frame.f_globals.get("__name__", "")).partition(".")[0]
        if package in theirs:
            point, kind = theirs[package], theirs[package].group.removeprefix("iebench.").removesuffix("s")
            where = f"{Path(frame.f_code.co_filename).name}, line {trace.tb_lineno}"
            blame = f"{point.module}, of the {kind} {point.name!r}, failed in {where} ({short(error)}): {REMEDY}"
        trace = trace.tb_next
    return blame
