"""Checks of a torch.export archive before torch opens it, so that an untrusted file cannot execute code.

torch unpickles sample inputs, weights and constants, evaluates size expressions and guards as Python, looks operators
up by name anywhere in its package, and loads compiled libraries. Everything not known to be harmless is refused.
"""

import ast
import io
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from ..errors import EncoderError

MEMBERS = re.compile(
    r"archive_format|archive_version|byteorder|version|\.data/\w+|\.format_version|\.storage_alignment|models/[\w.-]+\.json"
    r"|data/(weights|constants|sample_inputs)/[\w.-]+|serialized_\w+\.(json|pt)|(extra|extra_files)/[\w.-]+"
)  # of the current format and of the one before torch 2.8
COMPILED = "data/aotinductor/"
OBJECTS = ("custom_obj_", "opaque_obj_")  # constants that are not tensors; only pickle reads them
OPERATOR = re.compile(
    r"torch\.ops\.aten\.(?!(from_file|save)\b)\w+(\.\w+)?"
    r"|torch\.ops\.higher_order\.(wrap_with_set_grad_enabled|wrap_with_autocast|cond|map_impl|while_loop)"
    r"|torch\.sym_(int|float|max|min|not|ite|sum)|math\.(ceil|floor|trunc|sqrt|pow)"
    r"|_operator\.(add|sub|mul|neg|pos|floordiv|truediv|mod|pow|eq|ne|lt|le|gt|ge|and_|or_|not_|getitem)"
)
_WORDS = """
    Symbol Integer Float Rational positive integer nonnegative negative real finite precision L size stride
    storage_offset
    Add Mul Pow Max Min Abs Mod FloorDiv CleanDiv CeilDiv PythonMod ModularIndexing Where CeilToInt FloorToInt
    TruncToInt
    TruncToFloat ToFloat RoundToInt RoundDecimal IntTrueDiv FloatTrueDiv FloatPow PowByNatural LShift RShift Identity
    IsNonOverlappingAndDenseIndicator Eq Ne Lt Le Gt Ge Equality Unequality StrictLessThan LessThan StrictGreaterThan
    GreaterThan And Or Not BooleanTrue BooleanFalse true false True False max min abs and or not ceiling floor int_oo oo
"""
SYMBOLS = frozenset(_WORDS.split())
"""Names that are allowed in an expression of sizes; none of them reads, writes or runs anything."""
SIZES = re.compile(r"L(\[('\w+'|\d+)\])+|'\w+'|\.?\d[\d.]*(e[+-]?\d+)?|\.?[A-Za-z_]\w*|\[\d+\]|[-+*/%<>=!(), ]")
SYMBOL = re.compile(r"'?[A-Za-z]+\d+'?")  # s0, u3
NAME = re.compile(r"[\w.]*")
POWERS = ("Pow", "PowByNatural", "FloatPow", "LShift")
EXPONENT = re.compile(r"Integer\(-?[0-8]\)|-?[0-8]")
MOST_POWERS = 4  # in one expression: numbers of 18 digits then grow to some ten thousand at most
CONTAINERS = {None, "builtins.tuple", "builtins.list", "builtins.dict", "collections.OrderedDict"}


def check(path: Path) -> None:
    """Refuse an archive that could run code, read or write files, or that readers could interpret differently.

    Raises
    ------
    EncoderError : names the member and its fault.
    zipfile.BadZipFile, OSError : not a zip archive.
    """
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        if len({name.lower() for name in names}) != len(names):
            raise _refusal(path, "two members of one name")
        for name in names:
            _, slash, inner = name.partition("/")
            inner = inner if slash and not MEMBERS.fullmatch(name) else name  # torch puts all in one folder
            if inner.startswith(COMPILED):
                raise _refusal(path, f"a compiled library ({inner})")
            if not MEMBERS.fullmatch(inner):
                raise _refusal(path, f"a member that no exported program has ({inner})")
            if inner.rpartition("/")[2].lower().startswith(OBJECTS):  # torch finds members whatever their case
                raise _refusal(path, f"a pickled object ({inner})")
            content = archive.read(name)
            if content[:2] == b"PK" or inner.endswith(".pt"):
                _check_pickle(path, inner, content)
            elif inner.endswith(".json") and not inner.startswith("extra"):
                _check_text(path, inner, json.loads(content.decode()))


def _check_pickle(path: Path, member: str, content: bytes) -> None:
    """Refuse a file of `torch.save` that holds more than tensors in plain containers."""
    if not content:
        return
    try:
        torch.load(io.BytesIO(content), weights_only=True)
    except Exception as error:  # pickle.UnpicklingError for a forbidden object, anything for damaged bytes
        raise _refusal(path, f"more than tensors in {member}") from error


def _check_text(path: Path, member: str, content: Any) -> None:
    for key, value in _strings(content):
        if key in ("target", "as_operator") and not OPERATOR.fullmatch(value):
            raise _refusal(path, f"the operator {value[:80]!r} ({member})")
        if key in ("expr_str", "guards_code") and not _is_arithmetic(value):
            raise _refusal(path, f"the expression {value[:80]!r} ({member})")
        if key in ("name", "forward_arg_names", "fqn", "parameter_name", "buffer_name") and not NAME.fullmatch(value):
            raise _refusal(path, f"the name {value[:80]!r} ({member})")
        if key in ("in_spec", "out_spec") and value and not all(map(_is_plain, _entries(json.loads(value)))):
            raise _refusal(path, f"inputs or outputs of a kind of their own ({member})")


def _strings(content: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Yield all strings of a JSON document, each with the nearest key above it."""
    waiting: list[tuple[str, Any]] = [(key, content)]  # no recursion: a file may nest deeper than Python's stack
    while waiting:
        key, value = waiting.pop()
        if isinstance(value, dict):
            waiting.extend(value.items())
        elif isinstance(value, list):
            waiting.extend((key, entry) for entry in value)
        elif isinstance(value, str):
            yield key, value


def _entries(spec: Any) -> Iterator[dict[str, Any]]:
    """Yield the entries in the description of a program's inputs, [version, {type, context, children_spec}]."""
    waiting = [spec[1]]
    while waiting:
        entry = waiting.pop()
        waiting.extend(entry["children_spec"])
        yield entry


def _is_plain(entry: dict[str, Any]) -> bool:
    """True for a known container with plain keys; a key that is a JSON object makes torch import a module."""
    keys = json.loads(entry["context"] or "null")
    plain = keys is None or (isinstance(keys, list) and all(isinstance(key, str | int | float) for key in keys))
    return entry["type"] in CONTAINERS and plain


def _is_arithmetic(text: str) -> bool:
    """True if a text consists of numbers, sizes, operators and the functions of SYMBOLS alone.

    >>> _is_arithmetic("Max(Integer(1), Symbol('s0', positive=True))"), _is_arithmetic("__import__('os')")
    (True, False)
    """
    position = 0
    while position < len(text):
        token = SIZES.match(text, position)
        if token is None:
            return False
        word = token[0].lstrip(".")
        if word[:1].isalpha() or word[:1] in "_'":
            known = word in SYMBOLS or SYMBOL.fullmatch(word) or word.startswith("L[")
            if not known:
                return False
        position = token.end()
    return "**" not in text and _powers_are_small(text)


def _powers_are_small(text: str) -> bool:
    """True if powers are few and their exponents small numbers, so that nothing takes hours to compute.

    >>> _powers_are_small("Pow(Symbol('s0'), Integer(2))"), _powers_are_small("Pow(Integer(9), Integer(387420489))")
    (True, False)
    """
    if not any(name in text for name in POWERS):
        return True
    try:
        nodes = list(ast.walk(ast.parse(text, mode="eval")))
    except (SyntaxError, RecursionError, MemoryError):
        return False
    names = [node for node in nodes if isinstance(node, ast.Name) and node.id in POWERS]
    calls = [node for node in nodes if isinstance(node, ast.Call) and node.func in names]
    exponents = [ast.unparse(call.args[1]) if len(call.args) > 1 else "" for call in calls]
    return len(names) == len(calls) <= MOST_POWERS and all(map(EXPONENT.fullmatch, exponents))


def _refusal(path: Path, content: str) -> EncoderError:
    return EncoderError(
        f"{path} holds {content}, which could run its author's code: export it again with torch.export.save and plain "
        "tensors as sample inputs, or score it through a factory of your own (--encoder package.module:factory)"
    )
