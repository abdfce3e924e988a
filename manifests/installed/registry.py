"""The registry: entries of one kind by name, those of iebench and those of other packages."""

import sys
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import EntryPoint
from typing import Any, Generic, TypeVar

from ..brief import few
from ..common.causes import short
from ..errors import IebenchError, MissingPart, PluginBroken, UnknownName
from .parts import EXTRA_OF, missing_part
from .plugins import OURS, REMEDY, ours, package, points, rivals

T = TypeVar("T")
Decorated = TypeVar("Decorated")
Result = TypeVar("Result")


class Registry(Generic[T]):
    """Entries of one kind by name, such as all methods. `in` and iteration import nothing; `[name]` may import.

    A decorator registers an entry when its module is imported. An entry point of `group` names that module, so that it
    is imported when the entry is first used; other packages add entries in this way. A name belongs to the package that
    has it first, and iebench comes before all others.

    kind : noun for messages, such as "method"
    group : entry point group, such as "iebench.methods"; "" if other packages cannot add entries
    broken : class of the error for an entry point that cannot be used
    fault : for a group whose entry points name the entry itself (MODULE:OBJECT): the object -> a clause that says why
        it is not an entry, or ""; None if the modules register their entries
    order : names of entries of iebench that come first, in this order

    >>> shapes: Registry[Callable[[], int]] = Registry("shape")
    >>> @shapes.register("square")
    ... def square() -> int:
    ...     return 4
    >>> list(shapes), "circle" in shapes, shapes["square"]()
    (['square'], False, 4)
    """

    def __init__(
        self,
        kind: str,
        group: str = "",
        broken: type[IebenchError] = PluginBroken,
        fault: Callable[[Any], str] | None = None,
        order: Iterable[str] = (),
    ) -> None:
        self.kind = kind
        self.group = group
        self._broken = broken
        self._fault = fault
        self._order = dict.fromkeys(order, OURS)
        self._entries: dict[str, T] = {}
        self._modules: dict[str, str] = {}  # module that registered each entry

    def register(self, name: str, entry: Callable[[Any], T] | None = None) -> Callable[[Decorated], Decorated]:
        """Return a decorator that registers a function or class under a name.

        entry : decorated object -> entry; default: the object itself

        Raises
        ------
        broken : the name belongs to another package.
        """

        def enter(decorated: Decorated) -> Decorated:
            self._enter(name, entry(decorated) if entry else decorated, decorated.__module__)
            return decorated

        return enter

    def __iter__(self) -> Iterator[str]:
        """Yield all names: those of iebench, in a fixed order, then those of other packages, sorted."""
        owners = self._owners()
        yield from (name for name, owner in owners.items() if owner == OURS)
        yield from sorted(name for name, owner in owners.items() if owner != OURS)

    def __contains__(self, name: str) -> bool:
        return name in self._entries or name in self._order or name in self._points()

    def __getitem__(self, name: str) -> T:
        """Return the entry of a name.

        Raises
        ------
        UnknownName : no such entry; suggests similar names.
        MissingPart : the entry is iebench's own and needs a package that is not installed.
        broken : its module cannot be imported, or does not register it.
        """
        if name not in self._entries:
            point = self.point(name)
            if point is None:
                raise self.unknown(name)
            self._load(point)
        return self._entries[name]

    def unknown(self, name: str, source: str = "") -> IebenchError:
        """Return the error for a name without an entry: an UnknownName, which suggests similar names.

        For a name of `order` it is a MissingPart: the checkout is newer than what was installed.

        source : start of the message
        """
        return self._outdated(repr(name)) if name in self._order else UnknownName(self.kind, name, self, source)

    def ours(self, name: str) -> bool:
        """True if the entry of a name belongs to iebench."""
        return self._owners().get(name) == OURS

    def point(self, name: str) -> EntryPoint | None:
        """Return the entry point of a name; None for an entry that only a decorator registered."""
        return self._points().get(name)

    def origin(self, name: str) -> str:
        """Return the origin of an entry for messages: its entry point's value, or the module that registered it."""
        point = self.point(name)
        return point.value if point else self._modules[name]

    def usable(self) -> dict[str, T]:
        """Return all entries by name; an entry of another package that is broken is reported and left out."""
        entries = {name: self.attempt(name, self.__getitem__, name) for name in self}
        return {name: entry for name, entry in entries.items() if entry is not None}

    def call(self, name: str, function: Callable[..., Result], *arguments: object) -> Result:
        """Call a function that uses the entry of a name.

        Raises
        ------
        broken : the entry belongs to another package, and the call fails for any reason.
        """
        try:
            return function(*arguments)
        except self._broken:
            raise
        except (Exception, SystemExit) as error:
            if self.ours(name):
                raise
            raise self._broken(f"{self._described(name)} failed ({short(error)}): {REMEDY}") from error

    def attempt(self, name: str, function: Callable[..., Result], *arguments: object) -> Result | None:
        """Call a function that uses an entry which the user did not name; on failure, report it and return None.

        The report goes to standard error. Errors of iebench's own entries are raised.
        """
        try:
            return self.call(name, function, *arguments)
        except IebenchError as error:
            if self.ours(name):
                raise
            fault = str(error)
        from ..common.progress import say  # with rich, which the list of commands need not load

        say(f"iebench: {fault}")
        return None

    def _points(self) -> dict[str, EntryPoint]:
        """Return the entry points by name.

        Raises
        ------
        MissingPart : none is of iebench, which has some in every group: the checkout is newer than what was installed.
        """
        if not self.group:
            return {}
        known = points(self.group)
        if not any(map(ours, known.values())):
            raise self._outdated("of its own")
        return known

    def _outdated(self, missing: str) -> MissingPart:
        return MissingPart(
            f"the installed iebench lists no {self.kind} {missing}: install it again, in a checkout by "
            "`pip install --no-deps -e .`"
        )

    def _owners(self) -> dict[str, str]:
        """Return the package that each entry belongs to, by name."""
        listed = {name: package(point.module) for name, point in self._points().items()}
        return self._order | listed | {name: package(module) for name, module in self._modules.items()}

    def _enter(self, name: str, entry: Any, module: str) -> None:
        if package(module) != OURS and (owner := self._owners().get(name, package(module))) != package(module):
            raise self._broken(f"the {self.kind} {name!r} belongs to {owner}: choose another name")
        self._entries[name], self._modules[name] = entry, module

    def _load(self, point: EntryPoint) -> None:
        """Import the module of an entry point; entries of modules that fail to be imported are removed again."""
        for other in rivals(point):
            both = f"{point.value} and {other.value} both have the {self.kind} {point.name!r}"
            raise self._broken(f"{both}: remove one of these packages")
        before = set(self._entries)
        try:
            loaded = self._imported(point)
            if self._fault and point.name not in self._entries:
                if fault := self._fault(loaded):
                    raise self._broken(f"{self._described(point.name)} {fault}: {REMEDY}")
                self._enter(point.name, loaded, point.module)
            if point.name not in self._entries:
                registered = [repr(name) for name in self._entries if name not in before]
                but = f" but {few(registered)}" if registered else ""
                raise self._broken(f"{point.value} does not register the {self.kind} {point.name!r}{but}: {REMEDY}")
        except BaseException:
            for name in self._entries.keys() - before:
                if self._modules[name] not in sys.modules:
                    del self._entries[name], self._modules[name]
            raise

    def _imported(self, point: EntryPoint) -> Any:
        try:
            return point.load()
        except (Exception, SystemExit) as error:  # of any kind: it may be the code of another package
            if package(point.module) != OURS:
                raise self._broken(
                    f"{self._described(point.name)} cannot be imported ({short(error)}): {REMEDY}"
                ) from error
            if isinstance(error, ModuleNotFoundError) and package(error.name or "") in EXTRA_OF:
                raise missing_part(package(error.name or "")) from error
            raise

    def _described(self, name: str) -> str:
        return f"{self.origin(name)}, of the {self.kind} {name!r},"
