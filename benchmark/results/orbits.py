"""Reads orbits.json, which `iebench orbits` writes to a run's folder; needs no torch."""

import json
import sys
from pathlib import Path
from typing import Any

from iebench.manifests.common.causes import read_failure
from iebench.manifests.common.versions import version_fault
from iebench.manifests.text.plain_text import check_text

from ..errors import InvalidValue, RunError

NAME = "orbits.json"
FORMAT = 1
REMEDY = "run `iebench orbits` again, or remove it"
CURVES = {
    "similarity": "cosine to the middle view",
    "place_error": "error of the position on the orbit",
    "class_error": "share of wrong classes",
}


def read(run: Path) -> dict[str, Any] | None:
    """Read a run's orbits.json; None if there is no file.

    Raises
    ------
    RunError : the file is damaged or of another format.
    """
    path = run / NAME
    if not path.is_file():
        return None
    try:
        table: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if fault := version_fault(path, "a file of orbits", table["format"], FORMAT, REMEDY):
            raise RunError(fault)
        if any(part.keys() != CURVES.keys() for part in table["parts"].values()):
            raise InvalidValue(f"a part has other curves than {', '.join(CURVES)}")
        lines = [line for part in table["parts"].values() for line in part.values()]
        drawn = [table["places"], *(line[key] for line in lines for key in ("mean", "low", "high", "worst"))]
        if any(len(numbers) != len(table["places"]) for numbers in drawn):
            raise InvalidValue("curves of unequal length")
        if not all(_finite(number) for numbers in drawn for number in numbers):
            raise InvalidValue("a curve has a value that is not a finite number")
        texts = all(isinstance(table[key], str) for key in ("weights", "dataset", "factor", "unit"))
        if not texts or not isinstance(table["limit"], int | None):
            raise InvalidValue("it does not name its weights, dataset, factor, unit and limit")
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise RunError(read_failure(path, error, REMEDY)) from error
    check_text(table, path, RunError, REMEDY)
    return table


def _finite(number: Any) -> bool:
    """True for a number that float64 can hold."""
    return isinstance(number, int | float) and abs(number) <= sys.float_info.max
