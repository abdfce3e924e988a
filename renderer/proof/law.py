"""Latents that were not drawn from a seed, against the laws that their recipe declares."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from iebench.manifests.dataset import DatasetInfo
from iebench.manifests.fit import EPSILON, Fit, fit
from iebench.manifests.laws import Law, in_words
from iebench.manifests.reading.samples import Sample, Samples

from .findings import Failure

CHANCE = 1e-6  # of calling latents wrong that follow their law, for each factor
NAMED = 3  # latents in one line


@dataclass(frozen=True)
class Strays:
    """Values of one latent that something is wrong with.

    count : how many; first : the first sample that has one
    """

    count: int
    first: Sample


@dataclass(frozen=True)
class Followed:
    """How a factor's values over the whole dataset follow its law.

    law : in words
    endless : values that are no finite numbers; outside : others that lie where the law never falls; None without any
    """

    fit: Fit
    law: str
    endless: Strays | None
    outside: Strays | None


def fits(folder: Path, info: DatasetInfo) -> dict[str, Followed]:
    """How well each factor's values over the whole dataset follow its law; empty without samples."""
    samples = Samples(folder, info)
    values = samples.latents()
    return {
        f.name: _followed(values[f.name], f.law, samples) for f in info.recipe.factors if len(values.get(f.name, ()))
    }


def _followed(values: NDArray[np.float64], law: Law, samples: Samples) -> Followed:
    finite = np.isfinite(values)
    inside = law.cdf(values + EPSILON) != law.cdf(values - EPSILON)
    return Followed(fit(values, law), in_words(law), _strays(~finite, samples), _strays(finite & ~inside, samples))


def _strays(wrong: NDArray[np.bool_], samples: Samples) -> Strays | None:
    return Strays(int(wrong.sum()), samples.at([int(wrong.argmax())])[0]) if wrong.any() else None


def check_laws(found: Mapping[str, Followed], published: bool) -> Iterator[Failure]:
    """See that all values are finite, and for published latents that they follow their laws and never leave them.

    Latents that someone gave on purpose may follow another law than the recipe's.
    """
    for name, one in found.items():
        if one.endless:
            yield _failure(name, one.endless, "which is no finite number", one.fit.count)
        if published and one.outside:
            yield _failure(name, one.outside, f"outside its law, {one.law}", one.fit.count)
        if published and one.fit.chance < CHANCE:
            yield Failure(
                "latents", f"latent {name}", "", f"does not follow its law: Kolmogorov-Smirnov {one.fit.distance:.4f} "
                f"over {one.fit.count} values, which chance would give once in {1 / max(one.fit.chance, 1e-300):.0e}",
            )  # fmt: skip


def _failure(name: str, strays: Strays, what: str, count: int) -> Failure:
    first = strays.first
    more = f"; so are {strays.count - 1} more of {count} values" if strays.count > 1 else ""
    return Failure("latents", f"{first.stem}.parquet", first.key, f"{name} is {first.row[name]!r}, {what}{more}")


def in_one_line(found: Mapping[str, Followed], latents: str) -> str:
    """Where the latents come from, what was compared, and how far the values are from their laws.

    latents : "published", or "given" and the table's SHA-256
    """
    origin = latents.partition(" ")[0]
    if not found:
        return f"{origin}, no samples"
    notes = list(_notes(found, origin == "published"))
    if notes:
        more = f"; and {len(notes) - NAMED} more" if len(notes) > NAMED else ""
        return f"{origin}; {'; '.join(notes[:NAMED])}{more}"
    name, worst = max(found.items(), key=lambda item: item[1].fit.distance)
    far = f"farthest from its law is {name}, Kolmogorov-Smirnov {worst.fit.distance:.4f}"
    return f"{origin}, within their laws' range; {far}"


def _notes(found: Mapping[str, Followed], published: bool) -> Iterator[str]:
    """What is worth a word of each latent."""
    for name, one in found.items():
        if one.endless:
            yield f"{name}: {one.endless.count} of {one.fit.count} values are no finite numbers"
        if one.outside:
            yield f"{name}: {one.outside.count} of {one.fit.count} values lie outside the recipe's law"
        elif published and one.fit.chance < CHANCE:
            yield f"{name}: does not follow the recipe's law"
