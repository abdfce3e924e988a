"""Variants: methods under another name with some settings changed, as `variants.toml` lists them. Imports no torch."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import as_file, files
from typing import Any

from iebench.manifests.common.settings import build, read_toml


@dataclass(frozen=True)
class Variant:
    """One variant.

    method : the method whose settings it changes
    about : what it is, in one line, with its place in the literature
    settings : name -> value, checked when the variant is used
    """

    method: str
    about: str
    settings: dict[str, Any] = field(default_factory=dict)


@cache
def load() -> Mapping[str, Variant]:
    """The shipped variants by name, in the file's order."""
    with as_file(files(__package__) / "variants.toml") as path:
        return {name: build(Variant, table, f"variant {name}") for name, table in read_toml(path).items()}
