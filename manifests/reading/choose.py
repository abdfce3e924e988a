"""Selection of samples for display: every class, the views of some objects, each factor from low to high."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle, zip_longest
from typing import Any

import numpy as np

from ..factors import Factor
from ..recipe import Recipe
from .samples import Sample, Samples
from .words import value_in_words

ACROSS = 11  # images in a row


@dataclass(frozen=True)
class Row:
    """Samples shown side by side, with a short caption under each."""

    title: str
    samples: Sequence[Sample]
    captions: Sequence[str]


def classes(samples: Samples) -> Row:
    """Return the first view of the first object of every class, in label order."""
    first: dict[int, tuple[str, int]] = {}
    for note, numbers in samples.objects:
        first.setdefault(note["label"], (note["class_name"], numbers[0]))
    ordered = [first[label] for label in sorted(first)]
    return Row("", samples.at(number for _, number in ordered), [name for name, _ in ordered])


def views(samples: Samples, objects: int) -> list[Row]:
    """Return the first views of some objects, from classes spread over the labels."""
    rows = []
    for note, numbers in _spread(samples, objects):
        pictures = samples.at(numbers[:ACROSS])
        rows.append(
            Row(f"{note['class_name']} {note['object_id']}", pictures, [f"view {s.row['view']}" for s in pictures])
        )
    return rows


def sweeps(samples: Samples) -> list[Row]:
    """Return, for each factor that varies, views of one object from its lowest to its highest value.

    Each factor shows an object of another class, as far as there are enough.
    """
    recipe, rows = samples.info.recipe, []
    objects = _spread(samples, len(recipe.factors))
    for factor, (note, numbers) in zip(recipe.factors, cycle(objects), strict=False):  # objects may be fewer
        pictures = sweep(samples.at(numbers), factor, recipe)
        if pictures:
            captions = [value_in_words(sample.row[factor.name], factor.unit) for sample in pictures]
            rows.append(Row(f"{factor.name}, {note['class_name']} {note['object_id']}", pictures, captions))
    return rows


def sweep(candidates: Sequence[Sample], factor: Factor, recipe: Recipe) -> list[Sample]:
    """Return at most ACROSS samples, ascending in one factor; an empty list if the factor does not vary.

    The sorted samples are cut into equal groups. From each group comes the sample whose other factors are nearest to
    their medians.
    """
    values = np.array([sample.row[factor.name] for sample in candidates])
    if values.min() == values.max():
        return []
    distances = np.zeros(len(candidates))  # of the other factors from their medians, squared
    for other in recipe.factors:
        if other.name != factor.name:
            distances += (other.law.cdf(np.array([sample.row[other.name] for sample in candidates])) - 0.5) ** 2
    groups = np.array_split(np.argsort(values, kind="stable"), min(ACROSS, len(candidates)))
    return [candidates[int(min(group, key=lambda index: distances[index]))] for group in groups]


def _spread(samples: Samples, count: int) -> list[tuple[dict[str, Any], range]]:
    """Return `count` objects, of different classes as long as there are enough classes."""
    by_class: dict[int, list[tuple[dict[str, Any], range]]] = {}
    for entry in samples.objects:
        by_class.setdefault(entry[0]["label"], []).append(entry)
    rounds = zip_longest(*(by_class[label] for label in sorted(by_class)))  # an object of each class, then another
    candidates = [entry for objects in rounds for entry in objects if entry][: max(count, len(by_class))]
    count = min(count, len(candidates))
    return [candidates[i * len(candidates) // count] for i in range(count)]
