"""Everything that installed packages bring by entry points: names, and imports that may fail."""

from collections.abc import Container
from importlib.metadata import EntryPoint, entry_points

from ..errors import IebenchError

REMEDY = "mend or remove that package"


def points(group: str) -> dict[str, EntryPoint]:
    """The entry points of a group by name. Of several with one name iebench's own counts, else the first by value."""
    known = sorted(entry_points(group=group), key=lambda point: (not ours(point), point.value))
    return {point.name: point for point in reversed(known)}


def ours(point: EntryPoint) -> bool:
    """True for iebench's own entry points."""
    return point.value.startswith("iebench.")


def imported(point: EntryPoint, kind: str, broken: type[IebenchError]) -> object:
    """The module or object that an entry point names.

    kind : "method" or "probe", for the message; broken : the error that is raised

    Raises
    ------
    broken : the import fails, for whatever reason.
    """
    try:
        return point.load()
    except (Exception, SystemExit) as error:  # any: it is somebody else's code
        reason = ": ".join([type(error).__name__, *str(error).strip().splitlines()[:1]])
        raise broken(f"{point.value}, of the {kind} {point.name!r}, cannot be imported ({reason}): {REMEDY}") from error


def load(point: EntryPoint, kind: str, registered: Container[str], broken: type[IebenchError]) -> None:
    """Import the module of a method, probe, source and so on, which then has to be registered.

    Raises
    ------
    broken : the import fails, for whatever reason, or does not register it.
    """
    imported(point, kind, broken)
    if point.name not in registered:
        raise broken(f"{point.value} does not register the {kind} {point.name!r}: {REMEDY}")
