"""Variants: methods with some settings changed under another name, listed in `variants.toml`. Imports no torch."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import as_file, files
from typing import Any

from iebench.manifests.common.settings import build, read_toml


@dataclass(frozen=True)
class Variant:
    """A variant of a method.

    method : the method whose settings the variant changes
    about : description in one line, with its source in the literature
    settings : name -> value, checked when the variant is used
    """

    method: str
    about: str
    settings: dict[str, Any] = field(default_factory=dict)


@cache
def load() -> Mapping[str, Variant]:
    """Return the shipped variants by name, in the order of the file."""
    with as_file(files(__package__) / "variants.toml") as path:
        return {name: build(Variant, table, f"variant {name}") for name, table in read_toml(path).items()}
