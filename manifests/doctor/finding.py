"""A finding of `iebench doctor`: the result of one check, with the remedy if something is wrong."""

from dataclasses import dataclass
from typing import Literal

OK: Literal["ok"] = "ok"
HINT: Literal["hint"] = "hint"
MEND: Literal["mend"] = "mend"


@dataclass(frozen=True)
class Finding:
    """Result of one check.

    title : what was checked, in one or two words; text : its state, followed by the remedy if there is one
    state : "ok"; "hint" if iebench works and could do more or be faster; "mend" if something does not work
    """

    title: str
    text: str
    state: Literal["ok", "hint", "mend"] = OK
