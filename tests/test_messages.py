"""No message quotes another library's exception: iebench states the problem, the file and the remedy in its own words.

Forbidden are `{error}`, `str(error)`, `type(error).__name__` and the like, for an exception that was caught or is a
parameter. Allowed are the texts of iebench's own errors and, through `causes.short`, of errors in a user's code.
"""

import ast
from collections.abc import Iterator

import pytest
from paths import ROOT

from iebench.baselines import errors as of_baselines
from iebench.benchmark import errors as of_benchmark
from iebench.manifests import errors as of_manifests
from iebench.renderer import errors as of_renderer

SOURCES = [p for f in ("manifests", "renderer", "baselines", "benchmark") for p in sorted((ROOT / f).rglob("*.py"))]
OWN = {
    name
    for module in (of_manifests, of_renderer, of_benchmark, of_baselines)
    for name, kind in vars(module).items()
    if isinstance(kind, type) and issubclass(kind, of_manifests.IebenchError | of_manifests.InvalidValue)
}
FACTS = {
    "errno", "name", "filename", "lineno", "colno", "start", "end", "object", "code", "cause", "response", "returncode",
    "exit_code", "info", "show", "attempts", "__traceback__", "__cause__",
}  # fmt: skip
"""Attributes of an exception that are not words of a library."""
TEXT = {"str", "repr", "ascii", "format", "print", "type", "echo"}
"""Functions that make text of an exception."""
CAUSES = ROOT / "manifests" / "common" / "causes.py"  # turns exceptions into messages for all other modules
USERS_CODE = {  # functions that run code of a user or of another package, whose author must fix it
    "manifests/installed/plugins.py",
    "manifests/installed/registry.py",
    "manifests/common/settings.py",
    "benchmark/encoders/predictor.py",
    "benchmark/encoders/maps/checked.py",
    "benchmark/encoders/factory.py",
    "benchmark/encoders/files/hub_folder.py",
    "baselines/registry.py",
    "benchmark/commands/catalogue.py",
    "benchmark/training/checks.py",
}


QUOTES = {("manifests/shell/slurm.py", "_last_line")}  # output of sbatch, which submitit gives as an error's text


def caught(tree: ast.Module) -> Iterator[tuple[str, list[ast.stmt]]]:
    """Return the name of each exception of other code, and the statements in which it has that name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler) and node.name and not _names(node.type) <= OWN:
            yield node.name, node.body
        if isinstance(node, ast.FunctionDef) and node.name not in {name for _, name in QUOTES}:
            for argument in [*node.args.args, *node.args.kwonlyargs]:
                if any(_is_exception(kind) for kind in _names(argument.annotation)):
                    yield argument.arg, node.body


def passed_on(name: str, body: list[ast.stmt]) -> Iterator[ast.AST]:
    """Yield uses of the text of the exception called `name`, except searches in it."""
    for statement in body:
        for node in ast.walk(statement):
            for child in ast.iter_child_nodes(node):
                if _is(child, name) and isinstance(node, ast.FormattedValue | ast.BinOp):
                    yield node
            if isinstance(node, ast.Compare):
                for part in ast.walk(node):
                    part.compared = True  # type: ignore[attr-defined]
            if isinstance(node, ast.Attribute) and _is(node.value, name) and node.attr not in FACTS:
                yield node
            if isinstance(node, ast.Call) and any(_is(argument, name) for argument in node.args):
                text = _called(node) in (TEXT | OWN) and not hasattr(node, "compared")
                if text and not (_called(node) == "type" and not _shown(node, statement)):
                    yield node


def _shown(call: ast.Call, statement: ast.stmt) -> bool:
    """True if a type's name is used and not only compared."""
    return any(isinstance(n, ast.Attribute) and n.value is call and n.attr == "__name__" for n in ast.walk(statement))


def _called(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")


def _is(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _names(node: ast.expr | None) -> set[str]:
    """Return the classes in an `except` or an annotation."""
    parts = ast.walk(node) if node else ()
    return {n.id if isinstance(n, ast.Name) else n.attr for n in parts if isinstance(n, ast.Name | ast.Attribute)}


def _is_exception(kind: str) -> bool:
    return kind.endswith(("Error", "Exception")) and kind not in OWN


@pytest.mark.parametrize("path", [p for p in SOURCES if p != CAUSES], ids=lambda p: str(p.relative_to(ROOT)))
def test_no_message_passes_on_an_exceptions_text(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    tree = ast.parse("\n".join(lines))
    wrong = {node.lineno for name, body in caught(tree) for node in passed_on(name, body)}
    assert not wrong, "\n".join(f"{path}:{number}: {lines[number - 1].strip()}" for number in sorted(wrong))
    users = any(isinstance(n, ast.Call) and _called(n) == "short" for n in ast.walk(tree))
    assert not users or str(path.relative_to(ROOT)) in USERS_CODE, f"{path}: short() is for code that users give"


@pytest.mark.parametrize(
    ("handler", "wrong"),
    [
        ('raise DatasetError(f"{path} ({error})")', True),
        ('raise DatasetError(f"{path} ({error!r})")', True),
        ("raise DatasetError(str(error))", True),
        ("raise DatasetError(error)", True),
        ('raise DatasetError("%s" % error)', True),
        ('raise DatasetError("bad: " + str(error))', True),
        ('raise DatasetError(f"{path} ({error.strerror})")', True),
        ('raise DatasetError(f"{path} ({error.args[0]})")', True),
        ('raise DatasetError(f"{type(error).__name__}")', True),
        ("reason = str(error).splitlines()[0]", True),
        ('raise DatasetError(f"{path} ({reason(error)})") from error', False),
        ("raise DatasetError(read_failure(path, error, REMEDY)) from error", False),
        ('if "gloo" in str(error): raise', False),
        ("if type(error) is KeyError: raise", False),
        ('raise DatasetError(f"{path} lacks {error.name}")', False),
    ],
)
def test_the_test_sees_what_is_wrong(handler, wrong):
    tree = ast.parse(f"try:\n    work()\nexcept (OSError, DatasetError) as error:\n    {handler}\n")
    assert wrong == any(True for name, body in caught(tree) for _ in passed_on(name, body))
    own = ast.parse(f"try:\n    work()\nexcept DatasetError as error:\n    {handler}\n")
    assert not list(caught(own))
