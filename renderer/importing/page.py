"""An audit as a page of text."""

from collections.abc import Iterator

from iebench.manifests.recipe import Recipe

from .audit import Audit


def page(audit: Audit, recipe: Recipe) -> str:
    """Return the page; `recipe` is the recipe of the audited dataset."""
    return "\n".join([*_counts(audit), "", *_latents(audit, recipe), *_causes(audit)])


def views_in_words(audit: Audit) -> str:
    """Describe in words the numbers of views of the source's objects."""
    counts = ", ".join(f"{count:,} objects with {views}" for views, count in audit.views_found.items())
    return f"in the source {counts}"


def _counts(audit: Audit) -> Iterator[str]:
    yield f"Audit of {audit.recipe}"
    yield (
        f"  objects   {audit.planned:,} of the official list: {audit.imported:,} imported, "
        f"{audit.absent:,} absent, {audit.unusable:,} unusable"
    )
    examples = ", ".join(audit.unlisted_examples) + (", ..." if audit.unlisted > len(audit.unlisted_examples) else "")
    yield f"            {audit.unlisted:,} more in the source are not on the list{': ' if examples else ''}{examples}"
    yield f"  views     {audit.views} of each object expected; {views_in_words(audit)}"
    yield f"  images    {audit.images:,} of {audit.resolution} x {audit.resolution} pixels imported, every one decoded"
    yield (
        f"  files     {audit.twice:,} with the path of an earlier file, not used; "
        f"{audit.other:,} that are not part of the layout"
    )


def _latents(audit: Audit, recipe: Recipe) -> Iterator[str]:
    if not audit.fits:
        return
    yield f"  {'latent':12} {'law':38} {'least':>9} {'greatest':>9} {'outside':>8} {'KS':>8} {'chance':>7}"
    for factor in recipe.factors:
        fit = audit.fits[factor.name]
        yield (
            f"  {factor.name:12} {factor.in_words:38} {fit.least:9.4f} {fit.greatest:9.4f} {fit.outside:8,} "
            f"{fit.distance:8.5f} {fit.chance:7.2g}"
        )
    yield (
        f"  KS: largest difference between the distribution functions of the {audit.images:,} values and of the law; "
        "chance: probability of so large a difference if the values are drawn from the law"
    )
    example = f", the first: {audit.repeat_example}" if audit.repeated else ""
    yield f"  repeats   {audit.repeated:,} rows of latents are equal to an earlier row{example}"
    yield (
        f"  poses     {audit.poses_within:.1%} have all three angles within a quarter turn, "
        f"{audit.poses_equal:.1%} are the same rotation as such a pose"
    )


def _causes(audit: Audit) -> Iterator[str]:
    if audit.causes:
        yield ""
        yield "  not imported (failures.parquet has all)"
    for owner, cause in audit.causes.items():
        yield f"    {owner}: {cause}"
