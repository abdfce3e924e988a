"""Registry of methods and their variants. Imports no torch before a method is used.

The entry point group `iebench.methods` names the module to import for each name, so another package can add methods. A
variant (`variants.toml`) is a method under another name with some settings changed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from iebench.manifests.common.causes import short
from iebench.manifests.common.settings import build as build_settings
from iebench.manifests.installed.registry import Registry

from . import variants
from .errors import MethodBroken, UnknownName
from .needs import Needs


@dataclass(frozen=True)
class Entry:
    """A registered method: its settings' dataclass and its class, called with (encoder, settings).

    base : the method that a variant changes; for a method, its own name
    changed : the settings that a variant changes; {} for a method
    """

    name: str
    settings: type[Any]
    method: type[Any]
    base: str
    changed: Mapping[str, Any] = field(default_factory=dict)

    def defaults(self) -> Any:
        """Return the default settings of the method or variant."""
        return build_settings(self.settings, self.changed, f"variant {self.name}")

    def needs(self, settings: Any) -> Needs:
        """Return the properties of a dataset that the method needs with these settings.

        Raises
        ------
        MethodBroken : its `needs` fails, or returns no `Needs`.
        """
        try:
            needs = self.method.needs(settings)
        except Exception as error:  # code of another package may raise anything
            raise MethodBroken(
                f"{self.method.__name__}.needs of method {self.name} failed ({short(error)}): mend it"
            ) from error
        if not isinstance(needs, Needs):
            raise MethodBroken(f"{self.method.__name__}.needs of method {self.name} returns {needs!r:.80}: mend it")
        return needs


METHODS: Registry[Entry] = Registry("method", "iebench.methods", MethodBroken)


def names() -> list[str]:
    """Return the names of all installed methods and variants, sorted; imports none."""
    return sorted({*METHODS, *variants.load()})


def find(name: str) -> Entry:
    """Return the method or variant of that name; imports its module if necessary.

    Raises
    ------
    UnknownName : no such method; suggests similar names.
    MethodBroken : its module cannot be imported, or does not register it.
    """
    if name in METHODS:
        return METHODS[name]
    if name not in variants.load():
        raise UnknownName("method", name, names())
    variant = variants.load()[name]
    base = find(variant.method)
    return Entry(name, base.settings, base.method, base.name, variant.settings)
