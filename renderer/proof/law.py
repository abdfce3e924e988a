"""Latents that were not drawn from a seed, against the laws that their recipe declares."""

from collections.abc import Iterator
from pathlib import Path

from iebench.manifests.dataset import DatasetInfo
from iebench.manifests.fit import Fit, fit
from iebench.manifests.reading.samples import Samples

from .findings import Failure

CHANCE = 1e-6  # of calling latents wrong that follow their law, for each factor


def fits(folder: Path, info: DatasetInfo) -> dict[str, Fit]:
    """How well each factor's values over the whole dataset follow its law; empty without samples."""
    values = Samples(folder, info).latents()
    return {f.name: fit(values[f.name], f.law) for f in info.recipe.factors if len(values.get(f.name, ()))}


def check_laws(found: dict[str, Fit], published: bool) -> Iterator[Failure]:
    """See that no value lies where its law never falls, and for published latents that they follow it.

    Latents that someone gave on purpose may follow another law than the recipe's.
    """
    for name, one in found.items():
        if one.outside:
            yield Failure("latents", f"latent {name}", "", f"{one.outside} of {one.count} values lie outside its law")
        if published and one.chance < CHANCE:
            yield Failure(
                "latents", f"latent {name}", "", f"does not follow its law: Kolmogorov-Smirnov {one.distance:.4f} over "
                f"{one.count} values, which chance would give once in {1 / max(one.chance, 1e-300):.0e}",
            )  # fmt: skip


def in_one_line(found: dict[str, Fit]) -> str:
    """What was compared, and how far the values are from their laws."""
    if not found:
        return "no samples"
    name, worst = max(found.items(), key=lambda item: item[1].distance)
    return f"within their laws' range; farthest from its law is {name}, Kolmogorov-Smirnov {worst.distance:.4f}"
