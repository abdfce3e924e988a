"""Imports between the modules of the repository, as arrows from one dotted name to another."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

FOLDERS = {
    "api": "iebench",
    **{name: f"iebench.{name}" for name in ("manifests", "renderer", "baselines", "benchmark")},
}
"""Folders of the repository, and the packages that they install as."""


def modules(root: Path) -> dict[str, Path]:
    """Return the file of every module and package by its dotted name."""
    names = {}
    for folder, package in FOLDERS.items():
        for path in sorted((root / folder).rglob("*.py")):
            parts = path.relative_to(root / folder).with_suffix("").parts
            names[".".join([package, *(part for part in parts if part != "__init__")])] = path
    return names


def arrows(files: dict[str, Path]) -> dict[str, set[str]]:
    """Return the other modules that each module imports: at its top, inside functions, and under TYPE_CHECKING."""
    return {name: set(_imported(name, path, files)) - {name, "iebench"} for name, path in files.items()}


@cache
def statements(path: Path) -> tuple[ast.Import | ast.ImportFrom, ...]:
    """Return the import statements of a file, at any depth."""
    return tuple(_statements(ast.parse(path.read_text(encoding="utf-8"))))


def _statements(node: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    for block in ("body", "handlers", "orelse", "finalbody", "cases"):  # no import hides in an expression
        for inner in getattr(node, block, ()) if not isinstance(node, ast.expr) else ():
            if isinstance(inner, ast.Import | ast.ImportFrom):
                yield inner
            yield from _statements(inner)


def _imported(name: str, path: Path, files: dict[str, Path]) -> Iterator[str]:
    package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    for node in statements(path):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in files)
        else:
            climbed = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*climbed, *([node.module] if node.module else [])])
            for alias in node.names:  # a module of the package, or a name that the package defines
                yield from [thing for thing in (f"{base}.{alias.name}", base) if thing in files][:1]


def cycles(arrows: dict[str, set[str]]) -> list[list[str]]:
    """Return the groups of names that reach one another (Tarjan's strongly connected components of two and more)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    groups = []

    def visit(name: str) -> None:
        index[name] = low[name] = len(index)
        stack.append(name)
        for other in sorted(arrows.get(name, ())):
            if other not in index:
                visit(other)
            if other in stack:
                low[name] = min(low[name], low[other])
        if low[name] == index[name]:
            group = stack[stack.index(name) :]
            del stack[stack.index(name) :]
            if len(group) > 1:
                groups.append(sorted(group))

    for name in arrows:
        if name not in index:
            visit(name)
    return groups
