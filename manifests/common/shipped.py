"""The TOML files that come with iebench, by kind and name, and a user's own by path."""

from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from ..errors import SettingError, UnknownName
from .settings import read_toml

Kind = Literal["recipe", "preset", "protocol", "sweep"]
"""What a file is; those of a kind lie in one folder of manifests, such as recipes."""


def shipped(kind: Kind) -> list[str]:
    """The names of those that come with iebench.

    >>> shipped("protocol")
    ['converged', 'equicaps', 'released', 'seqjepa', 'strict']
    """
    folder = files(f"iebench.manifests.{kind}s")
    return sorted(item.name.removesuffix(".toml") for item in folder.iterdir() if item.name.endswith(".toml"))


def locate(kind: Kind, name: str, folder: Path = Path(), source: str = "") -> Path:
    """Where the shipped file of a name lies, or the TOML file at a path from `folder`, be it there or not.

    source : what names it, for the message

    Raises
    ------
    UnknownName : neither; suggests near ones.
    """
    known = shipped(kind)
    if name in known:
        return Path(str(files(f"iebench.manifests.{kind}s") / f"{name}.toml"))
    if not name.endswith(".toml"):
        raise UnknownName(kind, name, known, source)
    return folder / name


def called(kind: Kind, name: str) -> str:
    """What messages call it: a file by its path, a shipped one by kind and name.

    >>> called("preset", "quick"), called("preset", "mine.toml")
    ('preset quick', 'mine.toml')
    """
    return name if name.endswith(".toml") else f"{kind} {name}"


def extended(kind: Kind, name: str) -> dict[str, Any]:
    """A file's table over that of the one that its entry `extends` names, and so on.

    Raises
    ------
    SettingError, UnknownName : no such file, not TOML, or files that extend one another.
    """
    return _extended(kind, name, Path(), ())


def _extended(kind: Kind, name: str, folder: Path, below: tuple[str, ...]) -> dict[str, Any]:
    """`below` are the files that led here."""
    path = locate(kind, name, folder, f"{below[-1]}: " if below else "")
    if str(path) in below:
        raise SettingError(f"{path}: extends itself, through {' and '.join(below)}; break the circle")
    own = read_toml(path)
    base = own.pop("extends", None)
    return own if base is None else merged(_extended(kind, str(base), path.parent, (*below, str(path))), own)


def merged(base: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """A table over the one it extends: tables entry by entry, factors by name, a law as a whole."""
    result = dict(base)
    for key, value in own.items():
        under = base.get(key)
        if key == "factors" and isinstance(value, list) and isinstance(under, list):
            result[key] = _merged_factors(under, value)
        elif key != "law" and isinstance(value, dict) and isinstance(under, dict):
            result[key] = merged(under, value)
        else:
            result[key] = value
    return result


def _merged_factors(base: list[Any], own: list[Any]) -> list[Any]:
    if not all(isinstance(entry, dict) and isinstance(entry.get("name"), str) for entry in own):
        return own  # reading it says what is wrong
    by_name = {entry.get("name"): entry for entry in base}
    for entry in own:
        by_name[entry.get("name")] = merged(by_name.get(entry.get("name"), {}), entry)
    return list(by_name.values())
