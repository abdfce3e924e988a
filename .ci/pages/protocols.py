"""Page of the protocols: every setting with its meaning, and its value in each shipped protocol."""

import dataclasses
from typing import Any

from iebench.benchmark import protocol
from iebench.manifests.common.meanings import meanings
from iebench.manifests.common.settings import flat
from iebench.manifests.common.shipped import shipped

from .markdown import code, page, plain, table

PARTS = (protocol.Linear, protocol.Kernel, protocol.Head, protocol.Neighbours, protocol.FewShot, protocol.Maps)


def pages() -> dict[str, str]:
    """Return path -> Markdown of the page."""
    names = sorted(shipped("protocol"), key=lambda name: (name != protocol.DEFAULT, name))
    loaded = [protocol.load(name) for name in names]
    return {
        "reference/protocols.md": page(
            "Protocols",
            "A protocol is a TOML file with every choice that affects a score. Scores can be compared if their "
            "protocol ids are equal. [Why protocols differ](../background/protocols.md) gives the reasons.",
            "```\niebench score --protocol strict\niebench score --protocol mine.toml\n```",
            table(("protocol", "id"), [(f"[`{shown.name}`](#{shown.name})", code(shown.id)) for shown in loaded]),
            "## Settings",
            fields(protocol.Protocol),
            *(f"### {cls.__name__}\n\n{doc(cls)}\n\n{fields(cls)}" for cls in PARTS),
            *(section(shown) for shown in loaded),
        )
    }


def fields(cls: type) -> str:
    """Return the table of a class's settings."""
    known = meanings(cls)
    rows = [(code(field.name), plain(known.get(field.name, ""))) for field in dataclasses.fields(cls)]
    return table(("setting", "meaning"), rows)


def doc(cls: type) -> str:
    """Return the first paragraph of a class's docstring."""
    return plain(" ".join((cls.__doc__ or "").partition("\n\n")[0].split()))


def section(shown: protocol.Protocol) -> str:
    """Return a protocol's values and rules."""
    values = shown.as_dict()
    rules = "\n".join(f"- {plain(rule)}" for rule in values.pop("rules"))
    rows = [(code(key), code(text(value))) for key, value in flat(values).items() if value is not None]
    return f"## {shown.name}\n\n{table(('setting', 'value'), rows)}\n{rules}"


def text(value: Any) -> str:
    """Return a value as text; a long grid by its ends."""
    if isinstance(value, list | tuple) and len(value) > 6:
        return f"{value[0]:g}, {value[1]:g}, ..., {value[-1]:g} ({len(value)} values)"
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
