"""The conclusion of a leaderboard: sentences that follow from its numbers by rule; `lead` defines "beyond chance"."""

from collections.abc import Mapping, Sequence

from iebench.baselines import variants
from iebench.manifests.brief import few

from ..statistics.metric_info import WHOLE, MetricInfo
from .board import Board, Row
from .lead import Lead
from .seeds import Value

CLASS = ("top1",)
ROTATION = ("rotation_degrees_mean", "rotation_r2_mean", "rotation_r2_pooled")  # the first that a board has
PREDICTION = "mrr"
SUPERVISED, UNTRAINED = "supervised", "random"
FIRST = "sie"  # the method whose inside is described first; the next is the best one in rotation
DESCRIBED = 2


def conclusion(board: Board) -> list[str]:
    """Return the sentences: the leader in class, the leader in rotation, and what parts and predictors hold.

    Methods that are trained on labels lead nothing; the best is named where it is better than the leader. A sentence
    whose metric no score has is left out. Parts are read from the scores, whether the board has rows for them or not.
    """
    rows = {row.name: row for row in board.rows if row.part == WHOLE}
    rotation = measured(board, ROTATION)
    leaders = [_leader(board, rows, noun, m) for noun, m in (("class", measured(board, CLASS)), ("rotation", rotation))]
    insides = [_inside(board, row) for row in _by_rotation(board, rows, rotation)]
    return [*filter(None, leaders), *[*filter(None, insides)][:DESCRIBED]]


def labelled(row: Row) -> bool:
    """Return True if a row's runs were trained on the labels that probes predict."""
    return _method(row) == SUPERVISED


def measured(board: Board, metrics: Sequence[str]) -> str:
    """Return the first metric that any whole representation has, "" if none."""
    rows = [row for row in board.rows if row.part == WHOLE]
    return next((metric for metric in metrics if any(metric in row.cells for row in rows)), "")


def _leader(board: Board, rows: Mapping[str, Row], noun: str, metric: str) -> str:
    """Return the sentence about the best representation trained without labels; "" if none has the metric."""
    values = {name: row.group.values(WHOLE)[metric] for name, row in rows.items() if metric in row.cells}
    upper = {name for name in values if labelled(rows[name])}
    learned = {name: value for name, value in values.items() if name not in upper}
    if not learned:
        return ""
    info, level = board.infos[metric], board.about.protocol.level
    lead = Lead.of(learned, info, level)
    best = lead.names[0]
    title, value = _title(info), _shown(info, learned[best].estimate.value)
    floor = _shown(info, learned[best].estimate.floor)
    if not lead.sure:
        return f"{best} has the best {title}, {value} (floor {floor}); without bootstrap samples it may be by chance."
    if not lead.above:
        group = " trained without labels" if upper else ""
        return (
            f"No method{group} predicts the {noun} better than chance: the best {title} is that of {best}, {value}, "
            f"and the floor is {floor}."
        )
    if len(lead.names) == 1:
        sentence = f"{best} predicts the {noun} beyond chance: its {title} is {value} (floor {floor})."
    else:
        rivals = [f"{name} (untrained)" if _method(rows[name]) == UNTRAINED else name for name in lead.rivals]
        rest = f"as good within chance: {few(rivals)}" if rivals else "all others are worse beyond chance"
        sentence = f"{best} leads in {noun} with a {title} of {value} (floor {floor}); {rest}."
    first = Lead.of({name: value for name, value in values.items() if name in {*upper, best}}, info, level).names[0]
    reached = _shown(info, values[first].estimate.value)
    return sentence if first == best else f"{sentence} Trained on labels, {first} reaches {reached}."


def _by_rotation(board: Board, rows: Mapping[str, Row], metric: str) -> list[Row]:
    """Return the rows, best in rotation first; the best of SIE's comes before all others."""
    sign = -1.0 if metric and board.infos[metric].higher else 1.0

    def order(row: Row) -> float:
        cell = row.cells.get(metric)
        return float("inf") if cell is None else sign * cell.estimate.value

    ordered = sorted(rows.values(), key=order)
    first = next((row for row in ordered if _method(row) == FIRST), None)
    return sorted(ordered, key=lambda row: row is not first)


def _inside(board: Board, row: Row) -> str:
    """Return the sentence about a method's parts and predictor; "" if it has none with bootstrap samples."""
    scores = list(row.group.scores.values())
    shared = [part for part in scores[0].values if part != WHOLE and all(part in score.values for score in scores)]
    parts = {part: row.group.values(part) for part in shared}
    clauses = [_parts(board, parts, noun, metrics) for noun, metrics in (("pose", ROTATION), ("class", CLASS))]
    predictor = _predictor(board, row)
    if any(clauses):
        listed = [*filter(None, clauses), *([f"its predictor {predictor}"] if predictor else [])]
        return f"Inside {row.name}, {'; '.join(listed)}."
    return f"The predictor of {row.name} {predictor}." if predictor else ""


def _parts(board: Board, parts: Mapping[str, Mapping[str, Value]], noun: str, metrics: Sequence[str]) -> str:
    """Return the clause about which part holds something; "" if no metric is measured of two parts."""
    shared = [metric for metric in metrics if sum(metric in values for values in parts.values()) > 1]
    if not shared:
        return ""
    info = board.infos[shared[0]]
    values = {part: entries[shared[0]] for part, entries in parts.items() if shared[0] in entries}
    lead = Lead.of(values, info, board.about.protocol.level)
    if not lead.sure:
        return ""
    best, second = lead.names[:2]
    shown = {part: _shown(info, value.estimate.value) for part, value in values.items()}
    if not lead.above:
        return f"no part holds the {noun} beyond chance ({best} {shown[best]})"
    both = f"{shown[best]}, {second} {shown[second]}"
    if lead.rivals:
        return f"no part holds the {noun} better than the others beyond chance ({best} {both})"
    return f"the {best} part holds the {noun} ({both})"


def _predictor(board: Board, row: Row) -> str:
    """Return the predicate about a predictor's retrievals; "" without a predictor or bootstrap samples."""
    if PREDICTION not in row.cells:
        return ""
    info = board.infos[PREDICTION]
    value = row.group.values(WHOLE)[PREDICTION]
    lead = Lead.of({row.name: value}, info, board.about.protocol.level)
    if not lead.sure:
        return ""
    skill = "beyond chance" if lead.above else "no better than chance"
    numbers = f"MRR {info.show(value.estimate.value)}, floor {info.show(value.estimate.floor)}"
    return f"retrieves the rotated view {skill} ({numbers})"


def _method(row: Row) -> str:
    """Return the method that a row's runs were trained with, of a variant its base; "" for an external encoder."""
    name = str(next(iter(row.group.scores.values())).run.get("method", ""))
    known = variants.load()
    return known[name].method if name in known else name


def _title(info: MetricInfo) -> str:
    """Return the title of a metric without its unit.

    >>> _title(MetricInfo("top-1 %", "", unit="%"))
    'top-1'
    """
    return info.title.removesuffix(info.unit).rstrip() if info.unit else info.title


def _shown(info: MetricInfo, value: float) -> str:
    """Format a value with its unit.

    >>> _shown(MetricInfo("top-1 %", "", factor=100, digits=1, unit="%"), 0.5), _shown(MetricInfo("", "", unit="°"), 9)
    ('50.0 %', '9.000°')
    """
    unit = {"": "", "°": "°"}.get(info.unit, f" {info.unit}")
    return info.show(value) + unit
