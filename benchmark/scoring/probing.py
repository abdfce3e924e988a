"""Runs all probes: iebench's own, then those of other packages; an error in those only leaves them out."""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from iebench.manifests.brief import few
from iebench.manifests.installed.plugins import REMEDY

from ..errors import ProbeError
from ..fitting.context import PROBES, Context, Values
from ..metrics import METRICS
from ..metrics.separation import SEPARATION
from ..probes.separation import separation
from ..statistics.bootstrap import Estimate, Resampled, widened
from ..statistics.metric_info import MetricInfo

LONGEST = 1e18  # largest number in a score
LARGEST = 180.0  # degrees; every other metric without a bound of its own is a share, a rank or an R2


def run(context: Context) -> Values:
    """Return all probes' values, by part in the context's order; intervals of means have a width (`bootstrap.exact`).

    If a probe of another package cannot be used, the reason becomes a note of the context.
    """
    values: Values = {part: {} for part in context.parts}
    external = [name for name in PROBES if not PROBES.ours(name)]
    for name in PROBES:
        if name not in external and PROBES[name].suite in ("default", context.suite):
            _add(values, PROBES[name].function(context), PROBES[name].declared(context.groups), context)
    _add(values, separation(values, context.bootstrap), SEPARATION, context)
    context.notes.extend(_left_out(values))
    for name in external:
        try:
            estimates, declared = _external(name, context)
            _add(values, estimates, declared, context)
        except ProbeError as error:
            context.notes.append(str(error))
    return values


def _left_out(values: Values) -> list[str]:
    """Remove values of meaningless size, such as quotients by almost zero; returns a note about them, if any."""
    bounds = {metric: info.limits[1] for metric, info in METRICS.items() if math.isfinite(info.limits[1])}
    outliers = [
        (part, metric, entry.value)
        for part, measured in values.items()
        for metric, entry in measured.items()
        if not all(
            abs(n) <= max(LARGEST, bounds.get(metric, 0.0))
            for n in (entry.value, entry.low, entry.high, entry.floor, entry.ceiling or 0.0)
        )
    ]
    for part, metric, _ in outliers:
        del values[part][metric]
    if not outliers:
        return []
    named = few(f"{metric} of {part} ({value:.2g})" for part, metric, value in outliers)
    return [
        f"left out, since a value, interval or floor is beyond {LARGEST:g}, as after a division by almost zero (val "
        f"varies too little or differs from train, or train has too few objects): {named}"
    ]


def _add(values: Values, estimates: Values, declared: Mapping[str, MetricInfo], context: Context) -> None:
    """Add a probe's values; the context keeps the descriptions that a score file needs."""
    for part, measured in estimates.items():
        for metric, entry in measured.items():
            values[part][metric] = widened(entry, context.bootstrap.level, declared[metric].of_object)
            if metric not in METRICS:
                context.metrics[metric] = declared[metric]


def _external(name: str, context: Context) -> tuple[Values, dict[str, MetricInfo]]:
    """Return the values of another package's probe, and the descriptions of its metrics.

    Raises
    ------
    ProbeError : the probe cannot be imported, fails, or returns values that a score cannot hold.
    """
    registered = PROBES[name]
    if registered.suite not in ("default", context.suite):
        return {}, {}
    about = f"the probe {name!r} ({PROBES.origin(name)})"
    declared = PROBES.call(name, registered.declared, context.groups)
    estimates = PROBES.call(name, registered.function, context)
    for metric in declared.keys() & METRICS.keys():
        raise ProbeError(f"{about} measures {metric}, which is iebench's own: {REMEDY}")
    for metric in declared.keys() & context.metrics.keys():
        raise ProbeError(f"{about} measures {metric}, as another probe does: {REMEDY}")
    fault = _fault(estimates, declared, context)
    if fault:
        raise ProbeError(f"{about} {fault}: {REMEDY}")
    point = PROBES.point(name)
    if point and point.dist:
        context.packages[point.dist.name] = point.dist.version
        declared = {metric: replace(info, package=point.dist.name) for metric, info in declared.items()}
    return estimates, declared


def _fault(estimates: Any, metrics: Mapping[str, MetricInfo], context: Context) -> str:
    """Describe the fault of the values that a probe returned, as a clause; "" for none."""
    if not isinstance(estimates, Mapping):
        return f"returned {type(estimates).__name__}, and not part -> metric -> value"
    for part, measured in estimates.items():
        if part not in context.parts:
            return f"returned values of the part {part!r:.60}, which this encoder does not have"
        if not isinstance(measured, Mapping):
            return f"returned {type(measured).__name__} for {part}, and not metric -> value"
        for metric, entry in measured.items():
            if metric not in metrics:
                return f"returned the metric {metric!r:.60}, which it does not declare"
            if fault := _entry_fault(entry, metrics[metric], context.val.objects):
                return f"returned for {metric} {fault}"
    return ""


def _entry_fault(entry: Any, info: MetricInfo, objects: int) -> str:
    if not isinstance(entry, Resampled):
        return f"{type(entry).__name__}, and not what `context.bootstrap.measure` makes"
    if entry.objects != objects:
        return f"a value over {entry.objects} objects, where val has {objects}"
    numbers = [getattr(entry, name) for name in Estimate.__dataclass_fields__]
    if not all(n is None or abs(n) < LONGEST for n in numbers) or not (np.abs(entry.draws) < LONGEST).all():
        return "numbers that are not finite, or of more than 18 digits"
    low, high = info.limits
    shown = np.array([entry.value, entry.floor])
    if info.of_object is not None:
        if entry.each is None or not np.isclose(entry.each.mean(), entry.value, rtol=1e-9, atol=1e-9):
            return "a statistic that is not a mean over objects, and it declares a range for a mean"
        shown = np.append(shown, entry.each)
    inside = low <= shown.min() and shown.max() <= high
    return "" if inside else f"values outside the range that it declares, {low:g} to {high:g}"
