"""orbits.json: what `iebench orbits` leaves in a run's folder, for readers that may have no torch."""

import json
from pathlib import Path
from typing import Any

from iebench.manifests.common.causes import read_failure

from .errors import InvalidValue, RunError

NAME = "orbits.json"
FORMAT = 1
CURVES = {
    "similarity": "cosine to the middle view",
    "place_error": "error of the place on the orbit",
    "class_error": "share of wrong classes",
}


def read(run: Path) -> dict[str, Any] | None:
    """Contents of a run's orbits.json; None without the file.

    Raises
    ------
    RunError : the file is damaged or of another format.
    """
    path = run / NAME
    if not path.is_file():
        return None
    try:
        table: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        lines = [line for part in table["parts"].values() for line in (part[curve] for curve in CURVES)]
        if table["format"] != FORMAT:
            raise InvalidValue(f"format {table['format']} is not {FORMAT}")
        if any(len(line[key]) != len(table["places"]) for line in lines for key in ("mean", "low", "high", "worst")):
            raise InvalidValue("curves of unequal length")
        texts = all(isinstance(table[key], str) for key in ("weights", "dataset", "factor", "unit"))
        if not texts or not isinstance(table["limit"], int | None):
            raise InvalidValue("it does not say what it is of")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise RunError(read_failure(path, error, "run `iebench orbits` again, or remove it")) from error
    return table
