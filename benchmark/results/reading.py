"""Reads score files strictly: first their structure, then their consistency."""

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from iebench.manifests.common.causes import read_failure, reason
from iebench.manifests.common.placeholders import placeholder
from iebench.manifests.common.settings import build
from iebench.manifests.common.versions import version_fault
from iebench.manifests.text.plain_text import check_text

from ..errors import IebenchError, ScoreFileError
from .checksum import KEY, change_of
from .faults import damage_of
from .score import FORMAT, MOST_BYTES, NAME, Score

REMEDY = "restore it or run `iebench score` again"


def load_score(path: Path) -> Score:
    """Read a JSON file and check it.

    Raises
    ------
    ScoreFileError : missing, damaged, of another format, or inconsistent.
    """
    score, damage = read_score(path)
    if damage:
        raise ScoreFileError(f"{path}: {damage[0]}: {REMEDY}")
    return score


def read_score(path: Path) -> tuple[Score, list[str]]:
    """Read a JSON file of the right structure; returns the score, and its contradictions and changes, one clause each.

    Raises
    ------
    ScoreFileError : missing, damaged, or of another format.
    """
    table = _table(path)
    change = change_of(table)
    entries = {key: value for key, value in table.items() if key not in ("format", "run", KEY)}
    try:
        score = dataclasses.replace(build(Score, entries, str(path)), run=table["run"])
    except IebenchError as error:
        raise ScoreFileError(f"{error}: {REMEDY}") from None
    return score, damage_of(score) or change


def load_scores(paths: Sequence[Path], root: Path = Path("runs")) -> dict[Path, Score]:
    """Read the scores in some files, by file; without files, all of root/*/score.json.

    Raises
    ------
    ScoreFileError : a file cannot be read, or there is none.
    """
    chosen = list(paths) or sorted(root.glob(f"*/{NAME}"))
    if not chosen:
        raise ScoreFileError(f"no {root}/*/{NAME}: run `iebench score` first, or name the files")
    return {path: load_score(path) for path in chosen}


def _table(path: Path) -> dict[str, Any]:
    """Read the object in a file of this format."""
    try:
        if (size := path.stat().st_size) > MOST_BYTES:
            raise ScoreFileError(f"{path} has {size:,} bytes, and a score has at most {MOST_BYTES:,}: {REMEDY}")
        table = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ScoreFileError(f"no such file: {path}; `iebench score` makes one") from None
    except OSError as error:
        inside = path / NAME
        raise ScoreFileError(read_failure(path, error, f"name {inside if inside.is_file() else f'a {NAME}'}")) from None
    except RecursionError:
        raise ScoreFileError(f"{path} is not a score: its JSON is nested too deeply: {REMEDY}") from None
    except UnicodeDecodeError:
        raise ScoreFileError(f"{path} is not a score: it is not UTF-8 text: {REMEDY}") from None
    except json.JSONDecodeError as error:
        clause = placeholder(path) or f"is not a score: {reason(error)}: {REMEDY}"
        raise ScoreFileError(f"{path} {clause}") from None
    except ValueError:  # Python's limit for the length of whole numbers
        raise ScoreFileError(f"{path} is not a score: it has a number of thousands of digits: {REMEDY}") from None
    if not isinstance(table, dict):
        raise ScoreFileError(f"{path} is not a score: it is not a JSON object: {REMEDY}")
    for key in ("format", "run"):
        if key not in table:
            raise ScoreFileError(f"{path} is not a score: {key!r} is missing: {REMEDY}")
    if fault := version_fault(path, "a score", table["format"], FORMAT, "score again"):
        raise ScoreFileError(fault)
    if not isinstance(table["run"], dict):
        raise ScoreFileError(f"{path} is not a score: run must be an object, not {table['run']!r:.60}: {REMEDY}")
    check_text(table, path, ScoreFileError, "leave it out, or run `iebench score` again")
    return table
