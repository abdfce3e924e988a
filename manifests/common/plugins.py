"""Importing what an installed package promises by an entry point."""

from collections.abc import Container
from importlib.metadata import EntryPoint

from ..errors import IebenchError


def load(point: EntryPoint, kind: str, registered: Container[str], broken: type[IebenchError]) -> None:
    """Import the module of a method, probe, source and so on, which then has to be registered.

    kind : "method" or "probe", for the message; broken : the error that is raised

    Raises
    ------
    broken : the import fails, for whatever reason, or does not register it.
    """
    remedy = "mend or remove that package"
    try:
        point.load()
    except (Exception, SystemExit) as error:  # any: it is somebody else's code
        reason = ": ".join([type(error).__name__, *str(error).strip().splitlines()[:1]])
        raise broken(f"{point.value}, of the {kind} {point.name!r}, cannot be imported ({reason}): {remedy}") from error
    if point.name not in registered:
        raise broken(f"{point.value} does not register the {kind} {point.name!r}: {remedy}")
