"""Settings as frozen dataclasses: strict reading from TOML tables and from `--set key=value`.

Recipes, presets, methods and run configurations are all built here, so that an unknown key is always an error with a
suggestion.
"""

import dataclasses
import math
import sys
import tomllib
import types
import typing
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from ..errors import InvalidValue, SettingError, UnknownName
from ..text.encoding import unicode_text
from ..text.plain_text import check_text
from .causes import read_failure, short

T = TypeVar("T")


def read_toml(path: Path) -> dict[str, Any]:
    """Read the table of a TOML file.

    Raises
    ------
    SettingError : the file is missing, is not TOML (the message gives the line), or contains forbidden characters (see
        `plain_text`).
    """
    try:
        table = tomllib.loads(unicode_text(path.read_bytes()))
    except FileNotFoundError:
        raise SettingError(f"no such file: {path}") from None
    except (OSError, ValueError, RecursionError) as error:
        raise SettingError(read_failure(path, error, "mend it, or give another TOML file")) from None
    check_text(table, path, SettingError, "write it in one line of plain text")
    return table


def table_of(table: Any, source: str) -> Mapping[str, Any]:
    """Check that a value is a table whose keys are text, and return it.

    Raises
    ------
    SettingError : it is not such a table.
    """
    if not isinstance(table, Mapping) or not all(isinstance(key, str) for key in table):
        raise SettingError(f"{source}: {table!r:.80} is not a table of settings")
    return table


def build(cls: type[T], table: Any, source: str) -> T:
    """Build an instance of the dataclass `cls` from a table, checking every entry.

    Nested dataclasses are built from nested tables; whole numbers are accepted as floats; lists become tuples.

    Raises
    ------
    UnknownName : a key is not a field of `cls`; the message suggests similar keys.
    SettingError : no table, a missing key, or a value of the wrong type; the message names `source` and the key.
    """
    table = table_of(table, source)
    fields = {field.name: field for field in dataclasses.fields(typing.cast(Any, cls)) if field.init}
    hints = typing.get_type_hints(cls)
    for key in table:
        if key not in fields:
            raise UnknownName("setting", key, fields, f"{source}: ")
    for name, field in fields.items():
        required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        if required and name not in table:
            raise SettingError(f"{source}: setting {name!r} is missing")
    try:
        return cls(**{key: _convert(hints[key], value, f"{source}: {key}") for key, value in table.items()})
    except InvalidValue as error:  # a dataclass's own check of its values
        raise SettingError(f"{source}: {error}") from None
    except ValueError as error:  # the same check in a class of another package
        raise SettingError(f"{source}: {short(error)}") from None


def override(settings: T, assignments: Iterable[str], source: str = "--set") -> T:
    """Return a copy of a settings dataclass with `key=value` (or `table.key=value`) assignments applied.

    Values are TOML; a bare word is taken as a string. A setting that needs another one may come before it.
    """
    changes: list[tuple[list[str], Any]] = []
    for assignment in assignments:
        key, equals, text = assignment.partition("=")
        if not equals:
            raise SettingError(f"{source} {assignment!r}: write key=value")
        item = value(text.strip())
        check_finite(item, f"{source} {key.strip()}")
        check_text(item, f"{source} {key.strip()}", SettingError, "write it in one line of plain text")
        changes.append((key.strip().split("."), item))
    changed = settings
    try:
        for path, item in changes:
            changed = _assign(changed, path, item, f"{source} {'.'.join(path)}")
    except SettingError:
        with suppress(SettingError, UnknownName):
            return _together(settings, changes, source)
        raise  # the message names the assignment
    return changed


def check_finite(value: Any, source: str) -> None:
    """Check that a value, list or table contains no infinity and no NaN.

    Raises
    ------
    SettingError : it contains one; the message names `source` and the key.
    """
    if isinstance(value, float) and not math.isfinite(value):
        raise SettingError(f"{source}: {value} is not a finite number")
    if isinstance(value, list | tuple):
        for number, item in enumerate(value):
            check_finite(item, f"{source}[{number}]")
    if isinstance(value, Mapping):
        for key, item in value.items():
            check_finite(item, f"{source}.{key}")


def _assign(settings: T, path: list[str], value: Any, source: str) -> T:
    table = {f.name: getattr(settings, f.name) for f in dataclasses.fields(typing.cast(Any, settings)) if f.init}
    if path[0] not in table:
        raise UnknownName("setting", path[0], table, f"{source}: ")
    inner = table[path[0]]
    if len(path) > 1 and not dataclasses.is_dataclass(inner):
        raise SettingError(f"{source}: {path[0]!r:.80} has no settings of its own")
    if len(path) > 1:
        table[path[0]] = _assign(inner, path[1:], value, source)
    else:  # checked here, since the source names the setting already
        table[path[0]] = _convert(typing.get_type_hints(type(settings))[path[0]], value, source)
    return build(type(settings), table, source)


def _together(settings: T, changes: list[tuple[list[str], Any]], source: str) -> T:
    """Return a copy with all changes made before any check; the last of several values of a setting counts."""
    if not (dataclasses.is_dataclass(settings) and all(path for path, _ in changes)):
        raise SettingError(f"{source}: {settings!r:.80} has no settings of its own")
    table = {f.name: getattr(settings, f.name) for f in dataclasses.fields(typing.cast(Any, settings)) if f.init}
    for name in dict.fromkeys(path[0] for path, _ in changes):
        own = [(path[1:], item) for path, item in changes if path[0] == name]
        table[name] = _together(table.get(name), own, source) if any(path for path, _ in own) else own[-1][1]
    return build(type(settings), table, source)


def value(text: str) -> Any:
    """Parse a value of the command line as TOML; a bare word is a string.

    >>> value("3"), value("true"), value("[1, 2]"), value("cls")
    (3, True, [1, 2], 'cls')
    """
    try:
        return tomllib.loads(f"v = {text}")["v"]
    except tomllib.TOMLDecodeError:
        return text


def _convert(hint: Any, value: Any, where: str) -> Any:
    if hint is Any:
        return value
    if dataclasses.is_dataclass(hint):
        if isinstance(value, Mapping):
            return build(typing.cast(type[Any], hint), value, where)
        return _checked(isinstance(value, typing.cast(type, hint)), value, hint, where)
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        if value is None:
            return _checked(type(None) in args, value, hint, where)
        return _convert(next(a for a in args if a is not type(None)), value, where)
    if origin is typing.Literal:
        if value not in args:
            raise UnknownName("value", str(value), map(str, args), f"{where}: ")
        return value
    if origin is list:
        _checked(isinstance(value, list), value, hint, where)
        return [_convert(args[0], item, f"{where}[{i}]") for i, item in enumerate(value)]
    if origin is tuple:
        _checked(isinstance(value, (list, tuple)), value, hint, where)
        inner = [args[0]] * len(value) if args[-1] is Ellipsis else list(args)
        _checked(len(inner) == len(value), value, hint, where)
        return tuple(_convert(h, v, f"{where}[{i}]") for i, (h, v) in enumerate(zip(inner, value, strict=True)))
    if origin is dict:
        _checked(isinstance(value, Mapping), value, hint, where)
        return {str(key): _convert(args[1], item, f"{where}.{key}") for key, item in value.items()}
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        if abs(value) > sys.float_info.max:
            raise SettingError(f"{where}: a number of {len(str(abs(value)))} digits is too large")
        return float(value)
    fits = isinstance(value, hint) and not (isinstance(value, bool) and hint is not bool)
    return _checked(fits, value, hint, where)


def _checked(fits: bool, value: Any, hint: Any, where: str) -> Any:
    if not fits:
        raise SettingError(f"{where}: {value!r:.80} is not {getattr(hint, '__name__', None) or hint}")
    return value


def flat(table: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Flatten nested tables, and lists of tables, to one table with dotted keys.

    >>> flat({"rotation": {"epochs": 3}, "factors": [{"name": "rot_x"}], "grid": [1, 2]})
    {'rotation.epochs': 3, 'factors.0.name': 'rot_x', 'grid': [1, 2]}
    """
    entries: dict[str, Any] = {}
    for key, value in table.items():
        inner = value
        if isinstance(value, list | tuple) and value and all(isinstance(entry, Mapping) for entry in value):
            inner = {str(number): entry for number, entry in enumerate(value)}
        entries |= flat(inner, f"{prefix}{key}.") if isinstance(inner, Mapping) else {prefix + key: value}
    return entries


def differing(stored: Mapping[str, Any], current: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Return the keys whose values differ, in alphabetical order, with both values; None for a value that is absent.

    >>> differing({"batch": 64, "seed": 0}, {"batch": 32, "seed": 0, "steps": 9})
    {'batch': (64, 32), 'steps': (None, 9)}
    """
    keys = sorted(stored.keys() | current.keys())
    return {key: (stored.get(key), current.get(key)) for key in keys if stored.get(key) != current.get(key)}


def differences(stored: Mapping[str, Any], current: Mapping[str, Any]) -> list[str]:
    """Return the differences between two tables, one short phrase each.

    >>> differences({"batch": 64}, {"batch": 32})
    ['batch: 64 there, 32 here']
    """
    return [f"{key}: {first} there, {second} here" for key, (first, second) in differing(stored, current).items()]
