"""Comparison of given or published latents with the laws of the recipe."""

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

CHANCE = 1e-6  # significance level of the test, per factor
NAMED = 3  # most latents named in one line


@dataclass(frozen=True)
class Strays:
    """Invalid values of one latent.

    count : number of such values; first : first sample with such a value
    """

    count: int
    first: Sample


@dataclass(frozen=True)
class Comparison:
    """Comparison of all values of a factor with its law.

    law : the law in words
    nonfinite : values that are not finite, or None; outside : finite values outside the law's support, or None
    """

    fit: Fit
    law: str
    nonfinite: Strays | None
    outside: Strays | None


def fits(folder: Path, info: DatasetInfo) -> dict[str, Comparison]:
    """Compare all values of each factor with its law; empty without samples."""
    samples = Samples(folder, info)
    values = samples.latents()
    return {
        f.name: _compared(values[f.name], f.law, samples) for f in info.recipe.factors if len(values.get(f.name, ()))
    }


def _compared(values: NDArray[np.float64], law: Law, samples: Samples) -> Comparison:
    finite = np.isfinite(values)
    inside = law.cdf(values + EPSILON) != law.cdf(values - EPSILON)
    return Comparison(fit(values, law), in_words(law), _strays(~finite, samples), _strays(finite & ~inside, samples))


def _strays(wrong: NDArray[np.bool_], samples: Samples) -> Strays | None:
    return Strays(int(wrong.sum()), samples.at([int(wrong.argmax())])[0]) if wrong.any() else None


def check_laws(comparisons: Mapping[str, Comparison], published: bool) -> Iterator[Failure]:
    """Check that all values are finite; for published latents, also that they follow their laws and stay in range.

    Given latents may intentionally differ from the recipe's laws.
    """
    for name, comparison in comparisons.items():
        if comparison.nonfinite:
            yield _failure(name, comparison.nonfinite, "which is not a finite number", comparison.fit.count)
        if published and comparison.outside:
            yield _failure(name, comparison.outside, f"outside its law, {comparison.law}", comparison.fit.count)
        if published and comparison.fit.chance < CHANCE:
            yield Failure(
                "latents", f"latent {name}", "",
                "does not follow its law: "
                f"Kolmogorov-Smirnov {comparison.fit.distance:.4f} over {comparison.fit.count} values, "
                f"which happens by chance once in {1 / max(comparison.fit.chance, 1e-300):.0e} datasets",
            )  # fmt: skip


def _failure(name: str, strays: Strays, clause: str, count: int) -> Failure:
    first = strays.first
    more = f"; so are {strays.count - 1} more of {count} values" if strays.count > 1 else ""
    return Failure("latents", f"{first.stem}.parquet", first.key, f"{name} is {first.row[name]!r}, {clause}{more}")


def in_one_line(comparisons: Mapping[str, Comparison], latents: str) -> str:
    """Describe the origin of the latents, and the deviations of the values from their laws.

    latents : "published", or "given" with the table's SHA-256
    """
    origin = latents.partition(" ")[0]
    if not comparisons:
        return f"{origin}, no samples"
    notes = list(_notes(comparisons, origin == "published"))
    if notes:
        more = f"; and {len(notes) - NAMED} more" if len(notes) > NAMED else ""
        return f"{origin}; {'; '.join(notes[:NAMED])}{more}"
    name, worst = max(comparisons.items(), key=lambda item: item[1].fit.distance)
    far = f"farthest from its law is {name}, Kolmogorov-Smirnov {worst.fit.distance:.4f}"
    return f"{origin}, within their laws' range; {far}"


def _notes(comparisons: Mapping[str, Comparison], published: bool) -> Iterator[str]:
    """Yield a remark on each latent with invalid or unexpected values."""
    for name, comparison in comparisons.items():
        if comparison.nonfinite:
            yield f"{name}: {comparison.nonfinite.count} of {comparison.fit.count} values are not finite numbers"
        if comparison.outside:
            yield f"{name}: {comparison.outside.count} of {comparison.fit.count} values lie outside the recipe's law"
        elif published and comparison.fit.chance < CHANCE:
            yield f"{name}: does not follow the recipe's law"
