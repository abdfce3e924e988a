"""Page of the score file: the JSON schema as tables."""

import json
from importlib.resources import files
from typing import Any

from .markdown import code, page, plain, table


def pages() -> dict[str, str]:
    """Return path -> Markdown of the page."""
    schema = json.loads((files("iebench.benchmark") / "score.schema.json").read_text(encoding="utf-8"))
    return {
        "reference/score-file.md": page(
            "The score file",
            "`iebench score` writes one JSON file for each encoder. `iebench validate` checks it: types and names by "
            "this schema, then ranges, hashes and sums.",
            "```\niebench validate runs/*/score.json\niebench validate --schema > score.schema.json\n```",
            properties(schema),
            *(
                f"## {name}\n\n{plain(part['description'])}\n\n{properties(part)}"
                for name, part in schema["$defs"].items()
            ),
        )
    }


def properties(part: dict[str, Any]) -> str:
    """Return the table of an object's entries."""
    needed = set(part["required"])
    rows = [
        (code(name), kind(entry), "" if name in needed else "optional", plain(entry.get("description", "")))
        for name, entry in part["properties"].items()
    ]
    return table(("entry", "type", "", "meaning"), rows)


def kind(entry: dict[str, Any]) -> str:
    """Describe a type, with a link to the table of an object of the schema.

    >>> kind({"type": "array", "items": {"type": "number"}}), kind({"anyOf": [{"type": "integer"}, {"type": "null"}]})
    ('list of number', 'integer or null')
    """
    if "$ref" in entry:
        name = entry["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "const" in entry:
        return code(entry["const"])
    if "enum" in entry:
        return " or ".join(code(value) for value in entry["enum"])
    if "anyOf" in entry:
        return " or ".join(kind(part) for part in entry["anyOf"])
    if "prefixItems" in entry:
        return ", ".join(kind(part) for part in entry["prefixItems"])
    if "items" in entry:
        return f"list of {kind(entry['items'])}"
    if isinstance(entry.get("additionalProperties"), dict):
        return f"name → {kind(entry['additionalProperties'])}"
    return str(entry.get("type", "any"))
