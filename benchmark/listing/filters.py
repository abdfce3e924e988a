"""Filters of runs: method=sie, lr>1e-3, status=done."""

import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from iebench.manifests.common.settings import value

from ..errors import SettingError, UnknownName

SHORT = {"lr": "learning_rate", "wd": "weight_decay"}
PATTERN = re.compile(r"\s*([\w.-]+?)\s*(!=|<=|>=|=|<|>)\s*([^=<>!\s].*?)\s*")
SECOND = re.compile(r"\s[\w.-]+\s*[=<>!]")  # in a value: the beginning of another filter
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


@dataclass(frozen=True)
class Filter:
    """A condition on a run's value.

    name : name of the value; symbol : key of COMPARISONS; limit : number, boolean or text
    """

    name: str
    symbol: str
    limit: Any

    def keeps(self, values: Mapping[str, Any]) -> bool:
        """True if a run with these values meets the condition; a run without the value meets none but "!="."""
        own = values.get(self.name)
        if self.symbol in ("=", "!="):
            return COMPARISONS[self.symbol](own, self.limit)
        return _is_number(own) and COMPARISONS[self.symbol](own, self.limit)


def parsed(texts: Iterable[str]) -> list[Filter]:
    """Parse filters, NAME followed by one of = != < <= > >= and a value.

    Raises
    ------
    SettingError : another form, a folder, several filters in one text, or a text where only a number has an order.

    >>> parsed(["lr>1e-3"])
    [Filter(name='learning_rate', symbol='>', limit=0.001)]
    """
    filters = []
    for text in texts:
        match = PATTERN.fullmatch(text)
        if match is None:
            if Path(text).is_dir():
                raise SettingError(f"{text!r:.120} is a folder, not a filter: give a folder of runs with --root")
            raise SettingError(f"{text!r:.120} is not a filter: write NAME=VALUE, or !=, <, <=, > or >= in place of =")
        if SECOND.search(match[3]):
            raise SettingError(f"{text!r:.120} has several filters: give each as an argument of its own")
        name, symbol, limit = match[1], match[2], value(match[3])
        if symbol not in ("=", "!=") and not _is_number(limit):
            raise SettingError(f"{text!r:.120} compares with {match[3]!r}, which is not a number: use = or !=")
        filters.append(Filter(SHORT.get(name, name), symbol, limit))
    return filters


def check_names(filters: Iterable[Filter], known: Sequence[str]) -> None:
    """Check that at least one run has a value of each filter's name.

    Raises
    ------
    UnknownName : none has; suggests similar names.
    """
    for condition in filters:
        if condition.name not in known:
            raise UnknownName("value of runs", condition.name, known)


def _is_number(own: object) -> bool:
    return isinstance(own, int | float) and not isinstance(own, bool)
