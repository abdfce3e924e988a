"""Consistency checks that keep wrong numbers off a leaderboard: of files that were edited, damaged or mixed."""

import math
import re
from collections.abc import Iterator
from dataclasses import is_dataclass, replace
from typing import Any

import numpy as np

from iebench.manifests.common.causes import reason
from iebench.manifests.schema import MAX_VIEW, SPLITS
from iebench.manifests.text.plain_text import length_fault, name_fault

from ..metrics import METRICS
from ..metrics.known import info_of
from ..statistics.bootstrap import Estimate, interval, widened
from ..statistics.metric_info import WHOLE, info_faults
from ..statistics.metric_info import name_fault as metric_fault
from ..statistics.resamples import digest_of, unpack
from .score import Answers, DataFacts, Distribution, Score

SHA256 = re.compile("[0-9a-f]{64}")
LARGEST = 2**63  # limit of numbers in other languages
DEEPEST = 50  # nesting of objects; Python's limit is some hundreds
ROUNDING = 1e-6
FEW = 30  # val objects; with fewer, the bootstrap samples of a quotient may be far from its value


def faults_of(score: Score) -> list[str]:
    """List faults that exclude a score from a leaderboard, one clause each; `iebench score` makes no such file."""
    return damage_of(score) or absences_of(score)


def damage_of(score: Score) -> list[str]:
    """List contradictions and impossible values in a score, one clause each."""
    faults = [*_number_faults(score), *_count_faults(score)]
    if faults:
        return faults  # the other checks need valid numbers
    for check in (_fact_faults, _example_faults, _run_faults, _value_faults, _resample_faults, _shift_faults):
        faults += check(score)
    return faults


def absences_of(score: Score) -> list[str]:
    """List reasons why a valid score cannot be ranked beside others, one clause each.

    They catch a score without its bootstrap samples, samples of other objects, and metrics that nothing describes.
    """
    kept, data, protocol = score.resamples, score.dataset, score.protocol
    absences = [
        f"{metric} is a metric that this iebench does not know (update it)"
        for metric in dict.fromkeys(metric for measured in score.values.values() for metric in measured)
        if metric not in METRICS and metric not in score.metrics
    ]
    absences += [
        f"{part} {metric} has no bootstrap samples, and its protocol says {protocol.draws}"
        for part, measured in score.values.items()
        for metric in measured
        if metric not in kept.draws.get(part, {}) and info_of(metric, score.metrics).split == "val"
    ]
    absences += [
        f"it has no values per object of {metric}"
        for metric in score.values.get(WHOLE, {})
        if metric in kept.draws.get(WHOLE, {}) and metric not in kept.each and info_of(metric, score.metrics).of_object
    ]
    digest = digest_of(data.val_objects, protocol.draws, protocol.pair_seed)
    if SHA256.fullmatch(kept.digest) and digest not in (None, kept.digest):
        absences.append(
            f"resamples.digest is not that of {protocol.draws} bootstrap samples of {data.val_objects} objects"
        )
    return absences


def _number_faults(score: Score) -> Iterator[str]:
    """Find numbers that are not finite or too large; iterative, so that deep nesting cannot overflow the stack."""
    left: list[tuple[str, Any, int]] = [("", score, 0)]
    while left:
        where, value, depth = left.pop()
        if isinstance(value, int | float) and not abs(value) < LARGEST:
            yield f"{where} is {_short(value)}, {'too large' if abs(value) < math.inf else 'not finite'}"
        elif depth > DEEPEST:
            yield f"{where[:60]} is nested more than {DEEPEST} deep"
            return
        items: Any = vars(value) if is_dataclass(value) else value
        if isinstance(items, tuple | list):
            items = dict(enumerate(items))
        if isinstance(items, dict):
            left += [(f"{where}.{key}".lstrip("."), item, depth + 1) for key, item in reversed(items.items())]


def _short(value: float) -> str:
    return str(value) if isinstance(value, float) else f"a number of {len(str(abs(value)))} digits"


def _fact_faults(score: Score) -> Iterator[str]:
    """Find facts that decide which scores share a table, and names, that are not what `iebench score` writes.

    They catch a changed protocol, a file of another program, and names that break a table or a path.
    """
    if score.protocol.id != score.protocol_id:
        yield f"its protocol is not the one of its id {score.protocol_id} (changed, or of another iebench)"
    names = {"name": score.name, "encoder.name": score.encoder.name}
    for where, text in {**names, **{f"encoder.parts: {part[:60]!r}": part for part in score.encoder.parts}}.items():
        if fault := name_fault(text):
            yield f"{where} {fault}"
    if fault := length_fault(score.dataset.name):
        yield f"dataset.name {fault}"
    if set(score.pairs) != set(SPLITS):
        yield f"pairs has the splits {sorted(score.pairs)!r:.120}, not {sorted(SPLITS)}"
    hashes = {"dataset.fingerprint": score.dataset.fingerprint, "encoder.weights": score.encoder.weights}
    hashes |= {f"pairs.{split}": digest for split, digest in score.pairs.items()}
    for where, digest in {**hashes, "resamples.digest": score.resamples.digest}.items():
        if not SHA256.fullmatch(digest):
            yield f"{where} is not a SHA-256: {digest!r:.80}"
    encoder = score.encoder
    for part, (start, stop) in encoder.parts.items():
        if not 0 <= start < stop or start < encoder.dim < stop:  # a part may lie beside the representation
            yield f"encoder.parts.{part} has the columns {start} to {stop} of {encoder.dim}"


def _count_faults(score: Score) -> Iterator[str]:
    """Find counts, costs and durations out of their range; they catch typing errors, which tables would print."""
    data, encoder, cost = score.dataset, score.encoder, score.cost
    least = {
        "dataset.train_objects": (data.train_objects, 1),
        "dataset.val_objects": (data.val_objects, 1),
        "dataset.views": (data.views, 1),
        "dataset.known_meshes": (data.known_meshes, 0),
        "encoder.dim": (encoder.dim, 1),
        "encoder.resolution": (encoder.resolution, 0),
        "seed": (score.seed, 0),
        "limit": (score.limit, 1),
        "cost.parameters": (cost.parameters, 0),
        "cost.images_per_s": (cost.images_per_s, 0),
        "cost.training_hours": (cost.training_hours, 0),
        **{f"seconds.{name}": (seconds, 0) for name, seconds in score.seconds.items()},
    }
    for where, (value, bound) in least.items():
        if value is not None and value < bound:
            yield f"{where} is {value}, less than {bound}"
    if data.views > MAX_VIEW + 1:
        yield f"dataset.views is {data.views}, and an object has at most {MAX_VIEW + 1}"
    for split, objects in (("train", data.train_objects), ("val", data.val_objects)):
        if score.limit is not None and objects > score.limit:
            yield f"dataset.{split}_objects is {objects}, and limit is {score.limit}"


def _example_faults(score: Score) -> Iterator[str]:
    """Find examples of views that an object does not have; they catch examples of another dataset."""
    views = score.dataset.views
    for i, example in enumerate(score.examples):
        for name in ("source", "target", "found"):
            if not 0 <= getattr(example, name) < views:
                yield f"examples[{i}].{name} is {getattr(example, name)}, and an object has the views 0 to {views - 1}"
        if not 1 <= example.rank < views:
            yield f"examples[{i}].rank is {example.rank}, and the target is one of {views - 1} views"
    for i, shown in enumerate(score.distributions):
        if not 0 <= shown.view < views:
            yield f"distributions[{i}].view is {shown.view}, and an object has the views 0 to {views - 1}"
        yield from (f"distributions[{i}] {fault}" for fault in _distribution_faults(shown))
    if score.answers is not None:
        yield from (f"answers {fault}" for fault in _answer_faults(score.answers, score.dataset))
    if score.retrievals is not None:
        yield from (f"retrievals {fault}" for fault in score.retrievals.faults(views))


def _answer_faults(answers: Answers, data: DataFacts) -> Iterator[str]:
    """Find lists of another length, and numbers of no class; they catch edited lists and those of another dataset."""
    objects, views = data.val_objects, data.val_objects * data.views
    for name, count, most in (
        ("true", objects, len(answers.classes) - 1), ("predicted", views, len(answers.classes) - 1),
        ("degrees", views, 180),
    ):  # fmt: skip
        text = getattr(answers, name)
        if not text and name == "degrees":
            continue
        try:
            numbers = unpack(text)
        except ValueError as error:
            yield f"has a list {name} that cannot be read ({reason(error)})"
            continue
        if len(numbers) != count:
            yield f"has {len(numbers)} numbers in {name}, and there are {count}"
        elif numbers.min() < -ROUNDING or numbers.max() > most + ROUNDING:
            yield f"has numbers from {numbers.min():g} to {numbers.max():g} in {name}, not from 0 to {most}"


def _distribution_faults(shown: Distribution) -> Iterator[str]:
    """Find lists that cannot be read or drawn; they catch edited ones."""
    try:
        poses, shares, alike = (unpack(text) for text in (shown.poses, shown.shares, shown.alike))
    except ValueError as error:
        yield f"has a list that cannot be read ({reason(error)})"
        return
    if len(poses) != 4 * len(shares) or not len(alike) or len(alike) % 4:
        yield f"has {len(poses)} and {len(alike)} numbers of quaternions, and {len(shares)} probabilities"
    elif max(np.abs(np.linalg.norm(each.reshape(-1, 4), axis=1) - 1).max() for each in (poses, alike)) > 1e-3:
        yield "has quaternions that are not of unit length"
    elif shares.min() < -ROUNDING or shares.sum() > 1 + 1e-3:
        yield f"has probabilities with the sum {shares.sum():.4g}"


def _run_faults(score: Score) -> Iterator[str]:
    """Find settings and seeds of another type; they catch a run that cannot be grouped with its other seeds."""
    for name in ("settings", "method_settings", "versions"):
        if not isinstance(score.run.get(name, {}), dict):
            yield f"run.{name} must be an object, not {score.run[name]!r:.60}"
    seed = score.run.get("seed", 0)
    if not isinstance(seed, int) or isinstance(seed, bool) or seed < 0:
        yield f"run.seed must be a whole number from 0, not {seed!r:.60}"


def _value_faults(score: Score) -> Iterator[str]:
    """Find values that `iebench score` cannot have written; they catch edited numbers and mixed files."""
    for metric, info in score.metrics.items():
        yield from (f"the metric {metric[:60]!r} {fault}" for fault in info_faults(info))
    for metric in dict.fromkeys([*score.metrics, *(m for measured in score.values.values() for m in measured)]):
        if fault := metric_fault(metric):
            yield f"a metric {fault}"
    if not score.values.get(WHOLE):
        yield "it has no values of the whole representation"
    for part, measured in score.values.items():
        if part != WHOLE and part not in score.encoder.parts:
            yield f"it has values of {part}, and its encoder has no such part"
        for metric, entry in measured.items():
            faults = [*_entry_faults(score, metric, entry), *_drawn_faults(score, part, metric, entry)]
            yield from (f"{part} {metric} {fault}" for fault in faults)


def _entry_faults(score: Score, metric: str, entry: Estimate) -> Iterator[str]:
    """Find numbers outside their metric's range or their interval; they catch an edited number."""
    info = info_of(metric, score.metrics)
    low, high = info.limits
    for name in ("value", "floor", "ceiling"):
        number = getattr(entry, name)
        if number is not None and not low - ROUNDING <= number <= high + ROUNDING:
            yield f"has the {name} {number}, and can only have {_range_words(low, high)}"
    if entry.spread is not None and entry.spread < 0:
        yield f"has the spread {entry.spread}, less than 0"
    width = entry.high - entry.low
    if width < 0:
        yield f"has an interval from {entry.low} down to {entry.high}"
        return
    slack = width + ROUNDING * max(1.0, abs(entry.value))  # a value that is not a mean may miss its percentiles
    trusted = entry.objects >= FEW or info.of_object
    if trusted and not entry.low - slack <= entry.value <= entry.high + slack:
        yield f"has the value {entry.value}, far outside its interval [{entry.low}, {entry.high}]"


def _range_words(low: float, high: float) -> str:
    if math.isinf(low) or math.isinf(high):
        return f"at most {high:g}" if math.isinf(low) else f"at least {low:g}"
    return f"{low:g} to {high:g}"


def _drawn_faults(score: Score, part: str, metric: str, entry: Estimate) -> Iterator[str]:
    """Find entries that contradict their bootstrap samples; they catch edited intervals and mixed files."""
    info = info_of(metric, score.metrics)
    scored = score.dataset.val_objects if info.split == "val" else score.dataset.train_objects
    if entry.n < max(1, entry.objects) or entry.objects != scored:  # every object has a sample
        yield f"rests on {entry.n} samples of {entry.objects} objects, and {scored} were scored"
        return
    try:
        draws = score.resamples.drawn(part, metric)
    except ValueError as error:
        yield f"has bootstrap samples that cannot be read ({reason(error)})"
        return
    if draws is None:
        return
    if len(draws) != score.protocol.draws:
        yield f"has {len(draws)} bootstrap samples and its protocol says {score.protocol.draws}"
    low, high = interval(draws, score.protocol.level).tolist()
    plain = replace(entry, low=low, high=high)  # without width if all samples agree, as in older scores
    wide = widened(plain, score.protocol.level, info.of_object)
    rounding = 1e-4 * float(np.ptp(draws)) + 1e-12
    if not any(np.allclose([e.low, e.high], [entry.low, entry.high], rtol=1e-9, atol=rounding) for e in (plain, wide)):
        yield f"has the interval [{entry.low}, {entry.high}] and its bootstrap samples have [{wide.low}, {wide.high}]"


def _resample_faults(score: Score) -> Iterator[str]:
    """Find bootstrap samples and values per object without their value; they catch removed and edited values."""
    resamples, values = score.resamples, score.values.get(WHOLE, {})
    for part, drawn in resamples.draws.items():
        for metric in drawn.keys() - score.values.get(part, {}).keys():
            yield f"it has bootstrap samples of {part} {metric} and no value"
    for metric, text in resamples.each.items():
        try:
            each = unpack(text)
        except ValueError as error:
            yield f"values per object of {metric} cannot be read ({reason(error)})"
            continue
        if metric not in values or len(each) != values[metric].objects:
            yield f"it has {len(each)} values per object of {metric}, which rests on others"
        elif info_of(metric, score.metrics).of_object and not _agree(each, values[metric].value):
            yield f"{WHOLE} {metric} has the value {values[metric].value}, and its objects' mean is {each.mean()}"


def _shift_faults(score: Score) -> Iterator[str]:
    """Find impossible values on the probes' own val split; they catch edited changes under a shift."""
    if score.shift is None:
        return
    resamples = replace(score.resamples, draws=score.shift.draws, each={})
    own = replace(score, dataset=score.shift.dataset, values=score.shift.values, resamples=resamples, shift=None)
    for check in (_count_faults, _value_faults, _resample_faults, _fact_faults):
        yield from (f"shift: {fault}" for fault in check(own))


def _agree(each: Any, value: float) -> bool:
    """True if a value is the mean over objects, up to packing; every object has equally many queries."""
    return abs(float(each.mean()) - value) <= 1e-4 * float(np.ptp(each)) + ROUNDING
