"""TOML files: those shipped with iebench, by kind and name, and the user's own, by path."""

from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from ..errors import SettingError, UnknownName
from .settings import read_toml

Kind = Literal["recipe", "preset", "protocol", "sweep"]
"""Kind of a TOML file; each kind has a folder in manifests, such as recipes."""

FOLDERS: dict[Kind, tuple[str, ...]] = {"recipe": ("scene", "floor", "images", "folder")}
"""Entry of a kind that names a folder, relative to the folder of the file."""


def shipped(kind: Kind) -> list[str]:
    """Return the names of the shipped files of a kind.

    >>> shipped("protocol")
    ['converged', 'equicaps', 'released', 'seqjepa', 'strict']
    """
    folder = files(f"iebench.manifests.{kind}s")
    return sorted(item.name.removesuffix(".toml") for item in folder.iterdir() if item.name.endswith(".toml"))


def in_folders(kind: Kind) -> list[str]:
    """Return the names of further shipped files, which lie in folders of the kind's folder: "FOLDER/NAME".

    >>> in_folders("recipe")[:2]
    ['factors/background-gray', 'factors/camera-azimuth']
    """
    folders = (item for item in files(f"iebench.manifests.{kind}s").iterdir() if item.is_dir())
    names = (f"{folder.name}/{item.name}" for folder in folders for item in folder.iterdir())
    return sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml"))


def locate(kind: Kind, name: str, folder: Path = Path(), source: str = "") -> Path:
    """Return the path of a shipped file by name, or of a TOML file relative to `folder`, which need not exist.

    source : file that mentions the name, for the message

    Raises
    ------
    UnknownName : the name is neither; the message suggests similar names.
    SettingError : it names a file with another ending.
    """
    known = [*shipped(kind), *in_folders(kind)]
    if name in known:
        return Path(str(files(f"iebench.manifests.{kind}s") / f"{name}.toml"))
    if not name.endswith(".toml"):
        if (folder / name).is_file():
            raise SettingError(f"{name:.200} is a file whose name does not end in .toml: rename it, or name a {kind}")
        raise UnknownName(kind, name, known, source)
    return folder / name


def called(kind: Kind, name: str) -> str:
    """Return the name used in messages: the path of a user's file, or kind and name of a shipped file.

    >>> called("preset", "quick"), called("preset", "mine.toml")
    ('preset quick', 'mine.toml')
    """
    return name if name.endswith(".toml") else f"{kind} {name}"


def extended(kind: Kind, name: str) -> dict[str, Any]:
    """Read a file's table, merged over the table of the file named by its entry `extends`, recursively.

    Raises
    ------
    SettingError, UnknownName : a file is missing or not TOML, or files extend one another in a circle.
    """
    return _extended(kind, name, Path(), ())


def _extended(kind: Kind, name: str, folder: Path, below: tuple[str, ...]) -> dict[str, Any]:
    """Do the work of `extended`; `below` are the files that led here through `extends`."""
    path = locate(kind, name, folder, f"{below[-1]}: " if below else "")
    if str(path) in below:
        raise SettingError(f"{path}: extends itself, through {' and '.join(below)}; break the circle")
    own = read_toml(path)
    _anchor(own, FOLDERS.get(kind, ()), path.parent)
    base = own.pop("extends", None)
    return own if base is None else merged(_extended(kind, str(base), path.parent, (*below, str(path))), own)


def _anchor(table: Any, keys: tuple[str, ...], folder: Path) -> None:
    """Make the entry of these keys an absolute path; one that is not text is left to the checks of the settings."""
    for key in keys[:-1]:
        table = table.get(key) if isinstance(table, dict) else None
    if keys and isinstance(table, dict) and isinstance(name := table.get(keys[-1]), str) and name:
        table[keys[-1]] = str(folder.absolute() / name)


def merged(base: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """Merge a table over the table it extends: tables entry by entry, factors by name, a law as a whole."""
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
        return own  # building the recipe reports the fault
    by_name = {entry.get("name"): entry for entry in base}
    for entry in own:
        by_name[entry.get("name")] = merged(by_name.get(entry.get("name"), {}), entry)
    return list(by_name.values())
