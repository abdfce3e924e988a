"""The JSON schema of score.json, made from the dataclasses that read it.

iebench validate --schema > benchmark/score.schema.json
"""

import dataclasses
import inspect
import types
import typing
from typing import Any

from iebench.manifests.common.meanings import meanings

from .checksum import KEY
from .score import FORMAT, Score

SIMPLE = {str: "string", int: "integer", float: "number", bool: "boolean"}


def schema() -> dict[str, Any]:
    """Return the schema (draft 2020-12) of a score file. `iebench validate` checks more than a schema can express."""
    parts: dict[str, Any] = {}
    root = _object(Score, parts)
    root["properties"] = {
        "format": {"description": "version of the file format", "const": FORMAT},
        **root["properties"],
        KEY: {
            "description": "SHA-256 of all other entries, as JSON with sorted keys and without blanks",
            "type": "string",
        },
    }
    root["required"] = ["format", *root["required"], "run"]
    title = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "score.json of iebench"}
    return {**title, **root, "$defs": dict(sorted(parts.items()))}


def _object(cls: type, parts: dict[str, Any]) -> dict[str, Any]:
    descriptions, hints, fields = meanings(cls), typing.get_type_hints(cls), dataclasses.fields(typing.cast(Any, cls))
    properties = {
        f.name: ({"description": descriptions[f.name]} if f.name in descriptions else {}) | _typed(hints[f.name], parts)
        for f in fields
    }
    needed = [f.name for f in fields if f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING]
    return {
        "description": (inspect.getdoc(cls) or "").splitlines()[0],
        "type": "object",
        "properties": properties,
        "required": needed,
        "additionalProperties": False,
    }


def _typed(hint: Any, parts: dict[str, Any]) -> dict[str, Any]:
    if dataclasses.is_dataclass(hint):
        cls = typing.cast(type, hint)
        if cls.__name__ not in parts:
            parts[cls.__name__] = {}  # entered before its fields, which may refer to other classes
            parts[cls.__name__] = _object(cls, parts)
        return {"$ref": f"#/$defs/{cls.__name__}"}
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        return {"anyOf": [{"type": "null"} if a is types.NoneType else _typed(a, parts) for a in args]}
    if origin is typing.Literal:
        return {"enum": list(args)}
    if origin is tuple and args[-1] is Ellipsis:
        return {"type": "array", "items": _typed(args[0], parts)}
    if origin is tuple:
        places = [_typed(a, parts) for a in args]
        return {"type": "array", "prefixItems": places, "minItems": len(args), "maxItems": len(args)}
    if origin is dict:
        return {"type": "object", "additionalProperties": _typed(args[1], parts)}
    return {"type": SIMPLE[hint]} if hint in SIMPLE else {}
