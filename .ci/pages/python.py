"""Page of the Python interface: the public functions and classes of iebench.benchmark and iebench.renderer."""

import ast
from importlib.resources import files

from .markdown import page

PACKAGES = ("iebench.benchmark", "iebench.renderer")


def pages() -> dict[str, str]:
    """Return path -> Markdown of the page; mkdocstrings fills in signatures and docstrings."""
    blocks = []
    for package in PACKAGES:
        if names := public(package):
            blocks += [f"## {package}", f"```python\nfrom {package} import {', '.join(names)}\n```"]
            blocks += [f"::: {package}.{name}" for name in names]
    return {
        "reference/python.md": page(
            "Python",
            "The functions behind the commands: [from Python](../guides/python.md) shows them at work.",
            *blocks,
        )
    }


def public(package: str) -> list[str]:
    """Return the names in a package's __all__, functions first; the package is not imported."""
    tree = ast.parse((files(package) / "__init__.py").read_text(encoding="utf-8"))
    values = [n.value for n in tree.body if isinstance(n, ast.Assign) and ast.unparse(n.targets[0]) == "__all__"]
    return sorted(ast.literal_eval(values[0]), key=lambda name: (name[0].isupper(), name)) if values else []
