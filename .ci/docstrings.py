"""Docstrings that do not begin with a verb or a noun: `make check` allows none.

python .ci/docstrings.py        lists them, and exits with 1 if there are any
"""

import ast
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDERS = (".ci", "api", "manifests", "renderer", "baselines", "benchmark", "tests")
RIDDLES = {"What", "Where", "Whether", "How", "Which", "Who", "Why", "When", "See"}
"""First words that make the reader wait for the subject."""


def riddles(path: Path) -> list[str]:
    """List the docstrings of a file that begin with one of RIDDLES, one line each: place, name, first line."""
    lines = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node) or ""
            if text and text.split()[0].strip(",.:;") in RIDDLES:
                place = f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 1)}"
                lines.append(f"{place}: {getattr(node, 'name', 'module')}: {text.splitlines()[0]}")
    return lines


if __name__ == "__main__":
    all_lines = [line for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py")) for line in riddles(path)]
    if all_lines:
        sys.exit("\n".join([*all_lines, f"{len(all_lines)} docstrings begin with a question word"]))
