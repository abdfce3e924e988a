"""Untrusted texts, and a function that puts one into every text field of a dataclass."""

import dataclasses
import typing
from typing import Any, TypeVar

T = TypeVar("T")

REFUSED = {
    "line break": "a\nb", "carriage return": "a\rb", "unicode line": "a\u2028b", "next line": "a\x85b",
    "tab": "a\tb", "nul": "a\0b", "escape": "\x1b[2J\x1b[31mred", "c1": "\x9b31m", "surrogate": "a\ud83d",
    "override": "\u202egnp.exe", "isolate": "a\u2066b", "mark": "\u200fa", "no width": "a\u200bb", "joiner": "a\u200db",
    "tags": "a\U000e0068\U000e0069", "selector": "a\ufe0f",
}  # fmt: skip
"""Texts that no reader takes."""

MARKUP = [
    "=HYPERLINK(\"https://x.y\")", "+1+1", "-1+1", "@SUM(A1)", " =1", "＝1", "a;=1+1", "# heading", "- item",
    "1. item", "> quote", "---", "===", "```", "    code", "![x](https://x.y/z.png)", "[x](https://x.y)",
    "<img src=x onerror=alert(1)>", "</script><script>alert(1)</script>", "<!-- table -->", "**bold**", "_a_",
    "~~a~~", "a|b|c", "&lt;b&gt;", "https://x.y", "www.x.y", "x@y.z", "@team", "(@a/b)", "a/b#12", "GH-12",
    "0123abc", "a@0123456789abcdef0123456789abcdef01234567", "_www.x.y_", "mailto:x@y.z", "`@a`", "@a|b",
    "`code`", "``", "a\\", r"\|", "[red]x[/red]",
    ":skull:", "[/]", r"\input{/etc/passwd}", r"\write18{ls}", "%", "a % b", "a & b", r"a \\ b", "[1cm]", "*",
    "$x$", r"$\frac{1}{$", "{", "}", "^^M", "~", "a--b", "#1", "_", "'\"", "key: value", "- x: {y",
    "!!python/object:os.system", "${title}", "$title", "{0}", "%s", "null", "true", "...",
]  # fmt: skip
"""Texts that readers take, which mean something in one format or another."""

SOUND = ["sie-builtin-s0", "Größe", "大きさ", "αβγ", "👩\u200d🔬", "نامه\u200cها", "50 %", "a_b"]
"""Texts that must look as they are."""

HASHES = {"fingerprint", "weights", "digest", "protocol_id", "stream", "acts_on", "unit", "latents", "group", "drawn"}
"""Fields that are not free text."""


def filled(thing: T, text: str) -> T:
    """Return the dataclass with the text in every text field, keys included, at any depth."""
    hints = typing.get_type_hints(type(thing))
    changes: dict[str, Any] = {}
    for field in dataclasses.fields(typing.cast(Any, thing)):
        value, hint = getattr(thing, field.name), hints[field.name]
        if field.name in HASHES:
            continue
        if hint is str:
            changes[field.name] = text
        elif hint == tuple[str, ...]:
            changes[field.name] = (text, text)
        elif hint == dict[str, str] and field.name != "pairs":
            changes[field.name] = dict.fromkeys([*value, text], text)
        elif field.name == "run":
            changes[field.name] = {
                "method": text,
                "device": text,
                "settings": {text: [text]},
                "method_settings": {text: text},
            }
        elif hint == dict[str, float]:
            changes[field.name] = {text: 1.0}
        elif dataclasses.is_dataclass(value) and type(value).__name__ != "Resamples":
            changes[field.name] = filled(value, text)
        elif field.name == "metrics":
            changes[field.name] = {name: filled(measure, text) for name, measure in value.items()}
        elif isinstance(value, tuple) and value and dataclasses.is_dataclass(value[0]):
            changes[field.name] = tuple(filled(item, text) for item in value)
    return typing.cast(T, dataclasses.replace(typing.cast(Any, thing), **changes))


def leaves(table: Any, where: str = "") -> list[tuple[str, Any, Any]]:
    """Return path, parent list or table, and key of every text in nested tables."""
    texts = []
    items = list(table.items() if isinstance(table, dict) else enumerate(table))
    for key, value in items:
        path = f"{where}.{key}".lstrip(".")
        if isinstance(value, str):
            texts.append((path, table, key))
        elif isinstance(value, dict | list):
            texts += leaves(value, path)
    return texts
