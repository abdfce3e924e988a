"""Docstrings that do not begin with a verb or a noun, and names that are not nouns: `make check` allows none.

python .ci/docstrings.py        lists them, and exits with 1 if there are any
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDERS = (".ci", "api", "manifests", "renderer", "baselines", "benchmark", "tests")
RIDDLES = {"What", "Where", "Whether", "How", "Which", "Who", "Why", "When", "See"}
"""First words that make the reader wait for the subject."""
VAGUE = {"found", "one", "asked", "told", "place", "said", "here", "there", "wanted", "given", "theirs", "what"}
"""Names of variables, arguments, functions and classes that do not say what the thing is."""


def riddles(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield line and text for each docstring that begins with one of RIDDLES."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node) or ""
            if text and text.split()[0].strip(",.:;") in RIDDLES:
                yield getattr(node, "lineno", 1), f"{getattr(node, 'name', 'module')}: {text.splitlines()[0]}"


def vague(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield line and text for each name in VAGUE; fields of a class are left out, as a file format may name them."""
    classes = (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef))
    fields = {id(item.target) for node in classes for item in node.body if isinstance(item, ast.AnnAssign)}
    for node in ast.walk(tree):
        name = ""
        if isinstance(node, ast.arg):
            name = node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and id(node) not in fields:
            name = node.id
        elif isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
            name = node.name
        if name in VAGUE:
            yield node.lineno, f"the name {name}: give a noun that says what it is"


def faults(path: Path) -> list[str]:
    """List the faults of a file, one line each."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [f"{path.relative_to(ROOT)}:{line}: {text}" for line, text in sorted([*riddles(tree), *vague(tree)])]


if __name__ == "__main__":
    lines = [line for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py")) for line in faults(path)]
    if lines:
        sys.exit("\n".join([*lines, f"{len(lines)} docstrings begin with a question word, or names are not nouns"]))
