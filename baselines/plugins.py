"""Importing what an installed package promises by an entry point."""

from collections.abc import Container
from importlib.metadata import EntryPoint

from .errors import MethodBroken


def load(point: EntryPoint, kind: str, registered: Container[str]) -> None:
    """Import the module of a method or backbone, which then has to be registered.

    kind : "method" or "backbone", for the message

    Raises
    ------
    MethodBroken : the import fails, for whatever reason, or does not register it.
    """
    remedy = "mend or remove that package"
    try:
        point.load()
    except Exception as error:  # any: it is somebody else's code
        reason = f"{type(error).__name__}: {error}"
        raise MethodBroken(
            f"{point.value}, of the {kind} {point.name!r}, cannot be imported ({reason}): {remedy}"
        ) from error
    if point.name not in registered:
        raise MethodBroken(f"{point.value} does not register the {kind} {point.name!r}: {remedy}")
