"""The catalogue of methods as text: a table for the screen, and the page docs/reference/methods.md."""

import inspect
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any, get_args

from rich import box
from rich.table import Table

from iebench.baselines.needs import Needs, Property
from iebench.manifests.common.shipped import extended, shipped
from iebench.manifests.shell.tables import drawn

from ..data.properties import MEANINGS, recipe_for
from .catalogue import BATCH, SIDE, Listed, count, settings

TITLES = ("name", "conditioned on", "parts", "predictor", "heads", "cost")
NOTE = (
    "conditioned on: labels or action that the loss takes beside the images; parts: dimensions of the representation;\n"
    "predictor: dimensions of the embedding that it predicts; heads: trained parameters outside the encoder, which\n"
    f"has {{encoder}}; cost: floating-point operations of a step of {BATCH} objects at {SIDE} pixels, relative to\n"
    "SimCLR's (convolutions and matrix products, counted, not timed)."
)
RECIPE_NOTE = "Recipes of methods that need particular pictures: {particular}.\n{every} serves every method."


def cells(row: Listed) -> list[str]:
    """Return a row's texts for the columns of TITLES."""
    parts = ", ".join(str(size) if name == "whole" else f"{name} {size}" for name, size in row.parts.items())
    predictor = str(row.predictor) if row.predictor else "–"
    return [row.entry.name, row.condition, parts, predictor, count(row.heads), f"{row.cost:.2f}" if row.cost else "–"]


def screen(rows: Sequence[Listed]) -> str:
    """Format for a terminal: a table, a line on each method, and the meaning of the columns."""
    table = Table(*TITLES, box=box.SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        table.add_row(*cells(row), style=None if row.entry.name == row.entry.base else "dim")
    lines = [line.rstrip() for line in drawn(table) if line.strip()]
    width = max(len(row.entry.name) for row in rows)
    about = [f"{row.entry.name:{width}}  {row.about}" for row in rows]
    return "\n".join([*lines, "", *about, "", note(rows)])


def note(rows: Sequence[Listed]) -> str:
    """Return the meaning of the columns, and the recipes of the methods that do not train on every dataset."""
    particular = [f"{row.entry.name} {recipe_for(row.needs.pictures)}" for row in rows if row.needs.pictures]
    recipes = [RECIPE_NOTE.format(particular=", ".join(particular), every=recipe_for(get_args(Property)))]
    return "\n".join([NOTE.format(encoder=count(max(row.encoder for row in rows))), *(recipes if particular else [])])


def markdown(rows: Sequence[Listed]) -> str:
    """Format the page: the table, then each method with its equation, settings and variants."""
    lines = [
        "# Methods",
        "",
        "Made by `iebench methods --format md --out docs/reference/methods.md`; the texts are those of `baselines/`.",
        "",
        _line(TITLES),
        _line(["---"] * 4 + ["---:"] * 2),
        *(_line([f"`{row.entry.name}`", *cells(row)[1:]]) for row in rows),
        "",
        note(rows),
    ]
    for row in rows:
        if row.entry.name == row.entry.base:
            variants = [other for other in rows if other.entry.base == row.entry.name and other is not row]
            lines += _section(row, variants)
    return "\n".join(lines)


def _section(row: Listed, variants: Sequence[Listed]) -> list[str]:
    method = row.entry.method
    lines = ["", f"## {row.entry.name}", "", f"{row.about}.", *_remarks(method), "", f"{_first(method.__doc__)}"]
    if "loss" in vars(method):
        lines += ["", f"`{_first(method.loss.__doc__)}`"]
    if needs := " ".join(_needs(row.needs)):
        lines += ["", needs]
    if presets := ", ".join(f"`{preset}`" for preset in presets_of(row.entry.name)):
        lines += ["", f"Presets with settings of its own: {presets}."]
    known = settings(row.entry)
    if known:
        lines += ["", _line(["setting", "default", "meaning"]), _line(["---"] * 3)]
        lines += [_line([f"`method.{name}`", f"`{_show(default)}`", meaning]) for name, default, meaning in known]
    lines += [""] * bool(variants)
    for other in variants:
        changed = ", ".join(f"{name}={_show(value)}" for name, value in other.entry.changed.items())
        lines.append(f"- `{other.entry.name}`: {other.about}. `{changed}`")
    return lines


def presets_of(method: str) -> list[str]:
    """Return the names of the shipped presets with a table of settings for a method."""
    return [preset for preset in shipped("preset") if method in extended("preset", preset).get("method", {})]


def _remarks(method: type[Any]) -> Iterator[str]:
    """Yield the paragraphs of the method's module after its title, each after an empty line, but not its command."""
    document = inspect.getdoc(sys.modules[method.__module__]) or ""
    for paragraph in document.split("\n\n")[1:]:
        if not paragraph.startswith("iebench "):
            yield from ("", " ".join(paragraph.split()))


def _needs(needs: Needs) -> Iterator[str]:
    """Yield a sentence on each required property that not every dataset has."""
    if needs.views > 2:
        yield f"It takes {needs.views} views of each object."
    if needs.group > 1:
        yield f"It takes objects in groups of {needs.group} that share the rotations between their views."
    if needs.pictures:
        properties = ", ".join(MEANINGS[name] for name in needs.pictures)
        yield f"It needs {properties}: `iebench render --recipe {recipe_for(needs.pictures)}`."


def _first(document: str | None) -> str:
    """Return the first paragraph of a docstring in one line."""
    return " ".join(inspect.cleandoc(document or "").partition("\n\n")[0].split())


def _show(value: object) -> str:
    return str(list(value)) if isinstance(value, tuple) else str(value)


def _line(texts: Sequence[str]) -> str:
    return "| " + " | ".join(text.replace("|", "\\|") for text in texts) + " |"


FORMATS: dict[str, Callable[[Sequence[Listed]], str]] = {"table": screen, "md": markdown}
