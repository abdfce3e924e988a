"""Checksum in a score file: shows that the file is as `iebench score` wrote it."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

KEY = "checksum"


def checksum(table: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a score file's entries, its checksum apart.

    The order of keys and blanks do not count: the entries are hashed as JSON with sorted keys and without blanks.

    >>> checksum({"a": 1.5, "b": [1]}) == checksum({"b": [1], "a": 1.5, "checksum": "?"})
    True
    >>> checksum({"a": 1.5}) == checksum({"a": 1.6})
    False
    """
    entries = {key: value for key, value in table.items() if key != KEY}
    return hashlib.sha256(json.dumps(entries, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def change_of(table: Mapping[str, Any]) -> list[str]:
    """Return the clause for a score file that was changed after it was written; none for one without a checksum."""
    if KEY not in table or table[KEY] == checksum(table):
        return []
    return ["its checksum is that of other content: the file was changed after `iebench score` wrote it"]
