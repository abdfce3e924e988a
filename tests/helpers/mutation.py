"""Copies of a table with one value of another type, at every path: a reader loads or refuses each in one sentence."""

import copy
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import pytest

from iebench.manifests.errors import IebenchError

ODD: tuple[Any, ...] = (
    None, True, -1, 0, 1.5, 10**9, 10**30, 1e300, "", "x", [], {}, [[]], {"x": 1}, ["x"],
)  # fmt: skip
GONE = object()  # stands for a removed entry
KeyPath = tuple[Any, ...]


def paths(value: Any, path: KeyPath = ()) -> Iterator[KeyPath]:
    """Yield the paths in nested tables and lists, outer paths first; in lists only the first and the last entry."""
    items = list(value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ())
    for key, inner in items[:1] + items[-1:] if isinstance(value, list) else items:
        yield (*path, key)
        yield from paths(inner, (*path, key))


def changed(table: Any, path: KeyPath, value: Any) -> Any:
    """Return a copy of a table with another value at a path, or without it."""
    whole = inner = copy.deepcopy(table)
    for key in path[:-1]:
        inner = inner[key]
    if value is GONE:
        del inner[path[-1]]
    else:
        inner[path[-1]] = copy.deepcopy(value)
    return whole


def variants(table: Any) -> Iterator[tuple[str, Any]]:
    """Yield all copies of a table with one path changed, each with a description."""
    yield from ((f"all {value!r}", value) for value in ODD if not isinstance(value, dict))
    for path in paths(table):
        for value in (*ODD, GONE):
            yield (
                f"{'.'.join(map(str, path))} = {'nothing' if value is GONE else repr(value)}",
                changed(table, path, value),
            )


def refusals(table: Any, read: Callable[[Any], object], step: int = 1) -> list[str]:
    """Read the variants of a table; return the refusals, and fail if a refusal is not a single sentence.

    read : writes a table to its file and reads it; step : only every `step`-th variant is read
    """
    messages, wrong = [], []
    for words, variant in islice(variants(table), 0, None, step):
        try:
            read(variant)
        except IebenchError as error:
            messages.append(str(error))
            if "\n" in str(error) or len(str(error)) > 600:
                wrong.append(f"{words}: {error}")
        except Exception as error:
            wrong.append(f"{words}: {type(error).__name__}: {error}")
    if wrong:
        pytest.fail(f"{len(wrong)} of the variants, such as\n" + "\n".join(wrong[:25]))
    return messages
