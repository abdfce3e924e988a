"""Runs all probes: iebench's own, then those of other packages; an error in those only leaves them out."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from iebench.manifests.brief import few
from iebench.manifests.installed.plugins import REMEDY

from ..errors import ProbeError
from ..fitting.context import PROBES, Context, Values
from ..statistics.bootstrap import Estimate, Resampled, widened
from ..statistics.metric_info import MetricInfo, within
from .separation import separation

LONGEST = 1e18  # largest number in a score
LARGEST = 180.0  # degrees; every other metric of iebench is a share, a rank or an R2


def run(context: Context) -> Values:
    """Return all probes' values, by part in the context's order; intervals of means have a width (`bootstrap.exact`).

    If a probe of another package cannot be used, the reason becomes a note of the context.
    """
    values: Values = {part: {} for part in context.parts}
    theirs = [name for name in PROBES if not PROBES.ours(name)]
    for name in PROBES:
        if name not in theirs:
            _add(values, PROBES[name].function(context), context)
    for part, leaks in separation(values, context.bootstrap).items():
        values[part].update(leaks)
    context.notes.extend(_left_out(values))
    for name in theirs:
        try:
            _add(values, _theirs(name, context), context)
        except ProbeError as error:
            context.notes.append(str(error))
    return values


def _left_out(values: Values) -> list[str]:
    """Remove values of meaningless size, such as quotients by almost zero; returns a note about them, if any."""
    found = [
        (part, metric, entry.value)
        for part, measured in values.items()
        for metric, entry in measured.items()
        if not all(abs(n) <= LARGEST for n in (entry.value, entry.low, entry.high, entry.floor, entry.ceiling or 0.0))
    ]
    for part, metric, _ in found:
        del values[part][metric]
    if not found:
        return []
    named = few(f"{metric} of {part} ({value:.2g})" for part, metric, value in found)
    return [
        f"left out, since they, their intervals or floors are beyond {LARGEST:g}, as quotients by next to nothing are "
        f"(val varies too little or is unlike train, or train has too little to learn from): {named}"
    ]


def _add(values: Values, found: Values, context: Context) -> None:
    level = context.bootstrap.level
    for part, measured in found.items():
        for metric, entry in measured.items():
            values[part][metric] = widened(entry, level, within(metric, context.metrics))


def _theirs(name: str, context: Context) -> Values:
    """Return the values of another package's probe; its declarations are added to the context.

    Raises
    ------
    ProbeError : the probe cannot be imported, fails, or returns values that a score cannot hold.
    """
    registered = PROBES[name]
    about = f"the probe {name!r} ({PROBES.origin(name)})"
    if not registered.metrics:
        raise ProbeError(f"{about} declares no metrics: give @probe its metrics")
    for metric in registered.metrics.keys() & context.metrics.keys():
        raise ProbeError(f"{about} measures {metric}, as another probe does: {REMEDY}")
    found = PROBES.call(name, registered.function, context)
    fault = _fault(found, registered.metrics, context)
    if fault:
        raise ProbeError(f"{about} {fault}: {REMEDY}")
    context.metrics.update(registered.metrics)
    point = PROBES.point(name)
    if point and point.dist:
        context.packages[point.dist.name] = point.dist.version
    return found


def _fault(found: Any, metrics: Mapping[str, MetricInfo], context: Context) -> str:
    """Describe the fault of the values that a probe returned, as a clause; "" for none."""
    if not isinstance(found, Mapping):
        return f"returned {type(found).__name__}, and not part -> metric -> value"
    for part, measured in found.items():
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
    if info.within is None:
        return ""
    if entry.each is None or not np.isclose(entry.each.mean(), entry.value, rtol=1e-9, atol=1e-9):
        return "what is no mean over objects, and it declares a range for one"
    low, high = info.within
    inside = low <= min(entry.each.min(), entry.floor) and max(entry.each.max(), entry.floor) <= high
    return "" if inside else f"values outside the range that it declares, {low:g} to {high:g}"
