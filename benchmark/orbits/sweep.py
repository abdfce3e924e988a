"""Orbits: quality of a representation while one factor of the views is swept, object by object (compare NERO plots).

iebench orbits --data data/orbit
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from iebench.manifests.factors import TURNS, Factor
from iebench.manifests.laws import Sweep
from iebench.manifests.recipe import Recipe

from ..data.pairs import tuned
from ..errors import DatasetError
from ..fitting.context import Split
from ..fitting.standardise import Standardiser
from ..statistics.bootstrap import Bootstrap, Mean, exact, interval, widened
from ..statistics.ridge import Sums, fit

Array = NDArray[np.float64]

WITHIN = {"similarity": (-1.0, 1.0), "class_error": (0.0, 1.0)}
"""Ranges of bounded curves."""
TUNED = 0.2  # about this share of the train objects select the penalty
VIEWS_PER_BLOCK = 8_192


@dataclass(frozen=True)
class Orbits:
    """Curves of every val object over the sweep.

    factor, unit : the swept factor; places : (views,) its values, ascending, degrees for an angle
    curves : part -> curve -> (objects, views)
    """

    factor: str
    unit: str
    places: Array
    curves: Mapping[str, Mapping[str, Array]]

    def as_dict(self, bootstrap: Bootstrap) -> dict[str, Any]:
        """Return curves as lists: mean with interval over objects, worst object at each value, and single numbers."""
        parts = {
            part: {name: _summary(name, values, bootstrap, self.places) for name, values in curves.items()}
            for part, curves in self.curves.items()
        }
        return {"factor": self.factor, "unit": self.unit, "places": self.places.tolist(), "parts": parts}


def swept(recipe: Recipe, where: Path) -> Factor:
    """Return the factor of a recipe that is swept.

    Raises
    ------
    DatasetError : no factor is swept, or several are.
    """
    factors = [factor for factor in recipe.factors if isinstance(factor.law, Sweep)]
    if len(factors) != 1:
        raise DatasetError(
            f"{where} sweeps {', '.join(factor.name for factor in factors) or 'no factor'} and an orbit sweeps exactly "
            "one: render one with `iebench render --recipe orbit`"
        )
    return factors[0]


def orbits(train: Split, val: Split, parts: Mapping[str, slice], factor: Factor) -> Orbits:
    """Measure the similarity along the orbit, and the errors of linear probes of value and class, fitted on train.

    similarity : cosine of features, centred on train's mean, with those of the view in the middle of the sweep
    place_error : error of the swept value; for an angle over a full circle in degrees, from its sine and cosine
    class_error : 1 if the linear probe of the class is wrong, else 0
    """
    law = factor.law
    angle = factor.unit in TURNS
    degrees = 360 / TURNS[factor.unit] if angle else 1.0
    values = {name: split.latents[factor.name] * degrees for name, split in (("train", train), ("val", val))}
    order = np.argsort(values["val"][: val.views], kind="stable")
    span = (law.high - law.low) * degrees if isinstance(law, Sweep) else 0.0
    round_ = angle and abs(span - 360) < 1e-6
    classes = np.unique(train.labels)
    targets = {name: _targets(v, round_) for name, v in values.items()}
    standardiser = Standardiser.of(train.features)
    measured: dict[str, dict[str, Array]] = {}
    for part, columns in parts.items():
        known, queries = (standardiser(split.features, columns).astype(np.float64) for split in (train, val))
        prediction = _predictions(known, targets["train"], queries, train)
        if round_:
            error = np.abs(
                (np.degrees(np.arctan2(prediction[:, 1], prediction[:, 0])) - values["val"] + 180) % 360 - 180
            )
        else:
            error = np.abs(prediction[:, 0] - values["val"])
        votes = _predictions(known, np.eye(len(classes))[np.searchsorted(classes, train.labels)], queries, train)
        middle = queries.reshape(val.objects, val.views, -1)[:, order[val.views // 2]]
        curves = {
            "similarity": _cosine(queries.reshape(val.objects, val.views, -1), middle[:, None]).ravel(),
            "place_error": error,
            "class_error": (classes[votes.argmax(1)] != val.labels).astype(np.float64),
        }
        measured[part] = {name: curve.reshape(val.objects, val.views)[:, order] for name, curve in curves.items()}
    return Orbits(factor.name, "degrees" if angle else factor.unit, values["val"][: val.views][order], measured)


def _summary(name: str, values: Array, bootstrap: Bootstrap, places: Array) -> dict[str, Any]:
    higher = name == "similarity"
    worst_of = np.min if higher else np.max
    drawn = bootstrap.counts @ values / values.shape[0]  # (bootstrap samples, views); each sample has as many objects
    range_ = WITHIN.get(name)
    low, high = exact(interval(drawn, bootstrap.level), bootstrap.level, values.shape[0], range_)
    mean = values.mean(0)
    worst = int(mean.argmin() if higher else mean.argmax())
    objects = np.arange(values.shape[0])
    over_orbit, worst_of_each = (
        widened(bootstrap.measure(Mean.of(row, objects), 0.0), bootstrap.level, range_)
        for row in (values.mean(1), worst_of(values, axis=1))
    )
    return {
        "mean": mean.tolist(), "low": low.tolist(), "high": high.tolist(),
        "worst": worst_of(values, axis=0).tolist(),
        "over_orbit": [over_orbit.value, over_orbit.low, over_orbit.high],
        "worst_of_each": [worst_of_each.value, worst_of_each.low, worst_of_each.high],
        "worst_place": [float(places[worst]), float(mean[worst])],
    }  # fmt: skip


def _targets(values: Array, round_: bool) -> Array:
    radians = np.radians(values)
    return np.stack([np.cos(radians), np.sin(radians)], axis=1) if round_ else values[:, None]


def _predictions(known: Array, targets: Array, queries: Array, train: Split) -> Array:
    """Return predictions on val of a linear probe fitted on train, whose tuning objects select its penalty."""
    tuning = np.repeat(tuned(train.identities, TUNED, seed=0), train.views)

    def sums(of: NDArray[np.bool_]) -> Sums | None:
        x, y = _extended(known[of]), targets[of]
        starts = range(0, len(x), VIEWS_PER_BLOCK)
        return Sums.of((x[i : i + VIEWS_PER_BLOCK], y[i : i + VIEWS_PER_BLOCK]) for i in starts) if len(x) else None

    training = sums(~tuning)
    if training is None:
        raise DatasetError("an orbit needs train objects to learn from: render more objects")
    predictions: Array = _extended(queries) @ fit(training, sums(tuning))
    return predictions


def _extended(features: Array) -> Array:
    return np.concatenate([features, np.ones((len(features), 1))], axis=1)


def _cosine(first: Array, second: Array) -> Array:
    length = np.linalg.norm(first, axis=-1) * np.linalg.norm(second, axis=-1)
    cosine: Array = (first * second).sum(-1) / np.where(length > 0, length, 1)
    return cosine
