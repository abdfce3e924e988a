"""Suggestions for the misspelt folder of a run or a dataset."""

from difflib import get_close_matches
from pathlib import Path


def nearby(folder: Path, holds: str) -> str:
    """Return the question for a folder that lacks a file: "did you mean runs/sie?", or "" if no folder beside is alike.

    holds : name of the file that the folders meant have, such as "config.json"
    """
    try:
        beside = {path.parent.name: str(path.parent) for path in sorted(folder.parent.glob(f"*/{holds}"))}
    except OSError:  # an unreadable folder
        return ""
    near = get_close_matches(folder.name[:80], [name for name in beside if name != folder.name], n=3)
    return f"did you mean {' or '.join(beside[name] for name in near)}?" if near else ""
