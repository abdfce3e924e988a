"""Page of the recipes: laws, controls' limits, and each shipped recipe with its factors and scene."""

import inspect
from typing import Any

from iebench.manifests import recipe
from iebench.manifests.common.shipped import in_folders, locate, shipped
from iebench.manifests.factors import Factor
from iebench.manifests.laws import LAWS

from .markdown import code, page, plain, table

BASE = "3diebench"


def pages() -> dict[str, str]:
    """Return path -> Markdown of the page."""
    names = sorted(shipped("recipe"), key=lambda name: (name != BASE, name))
    return {
        "reference/recipes.md": page(
            "Recipes",
            "A recipe is a TOML file that describes a dataset: its factors with their laws, its scene, its quality.",
            "```\niebench render --recipe 3diebench-so3\niebench render --recipe mine.toml --dry-run\n```",
            'A recipe of your own begins with `extends = "3diebench"` and gives only what differs '
            "([your factor](../guides/your-factor.md)).",
            table(("recipe", "resolution", "views", "factors"), [summary(recipe.load(name)) for name in names]),
            "## One recipe for each further factor",
            "`iebench render --recipe factors/NAME` varies one factor more than `3diebench`.",
            table(("recipe", "factor", "acts on", "unit", "law", "meaning"), [*map(extra, in_folders("recipe"))]),
            "## Laws",
            table(
                ("law", "parameters", "distribution"),
                [
                    (code(name), ", ".join(map(code, inspect.signature(LAWS[name]).parameters)), first(LAWS[name]))
                    for name in LAWS
                ],
            ),
            "## Ranges",
            "The smallest and the largest value of every number in a recipe.",
            table(
                ("setting", "from", "to"),
                [(code(key), f"{low:g}", f"{high:g}") for key, (low, high) in recipe.RANGES.items()],
            ),
            *(section(recipe.load(name)) for name in names),
        )
    }


def summary(shown: recipe.Recipe) -> tuple[str, str, str, str]:
    """Return a recipe's row of the first table."""
    anchor = f"[`{shown.name}`](#{shown.name})"
    return anchor, str(shown.resolution), str(shown.views), ", ".join(map(code, shown.factor_names))


def extra(name: str) -> tuple[str, ...]:
    """Return the row of a recipe with further factors: those that 3diebench lacks."""
    known = recipe.load(BASE).factor_names
    rows = [row(factor) for factor in recipe.load(name).factors if factor.name not in known]
    return code(name), *(", ".join(texts) for texts in zip(*rows, strict=True))


def section(shown: recipe.Recipe) -> str:
    """Describe a recipe: the comment at its head, its factors, and what its scene and quality change."""
    blocks = [
        f"## {shown.name}",
        comment(shown.name),
        table(("factor", "acts on", "unit", "law", "meaning"), [row(factor) for factor in shown.factors]),
    ]
    own, base = settings(shown), settings(recipe.load(BASE))
    title = "setting" if shown.name == BASE else f"setting, where it differs from `{BASE}`"
    rows = [(code(k), code(v)) for k, v in own.items() if shown.name == BASE or base.get(k) != v]
    return "\n\n".join(
        [*blocks, table((title, "value"), rows) if rows else f"Scene and quality are those of `{BASE}`."]
    )


def row(factor: Factor) -> tuple[str, ...]:
    """Return a factor's row."""
    words = (factor.unit, factor.in_words, factor.frame)
    return code(factor.name), code(factor.acts_on), *map(plain, words)


def settings(shown: recipe.Recipe) -> dict[str, Any]:
    """Return scene, quality and image settings with dotted names."""
    whole = shown.as_dict()
    flat: dict[str, Any] = {}

    def add(prefix: str, value: Any) -> None:
        if isinstance(value, dict):
            for key, entry in value.items():
                add(f"{prefix}.{key}" if prefix else key, entry)
        else:
            flat[prefix] = list(value) if isinstance(value, tuple) else value

    add("", {key: whole[key] for key in ("channel_order", "passes", "jpeg", "scene", "quality")})
    return flat


def comment(name: str) -> str:
    """Return the comment at the head of a recipe's file."""
    lines = locate("recipe", name).read_text(encoding="utf-8").splitlines()
    head = []
    for line in lines:
        if not line.startswith("#"):
            break
        head.append(line.lstrip("# "))
    return plain(" ".join(head))


def first(cls: type) -> str:
    """Return the first sentence of a class's docstring."""
    return plain(" ".join((inspect.getdoc(cls) or "").partition("\n\n")[0].split()))
