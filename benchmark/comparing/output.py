"""A comparison as text for the screen."""

from collections.abc import Iterable, Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from iebench.manifests.shell.tables import drawn
from iebench.manifests.text.escapes import screen as plain
from iebench.manifests.text.plain_text import cleaned

from ..statistics.bootstrap import Estimate
from ..statistics.metric_info import MetricInfo
from .compare import Comparison
from .measures import KINDS, SIMILARITY, STITCHING, agreement_about

RANK = MetricInfo("rank correlation", "of distances")


def screen(comparison: Comparison) -> str:
    """Format as three tables: both together, each with the factors, heads of one on the other."""
    first, second = comparison.names
    both = _table(("both encoders", "value", "floor", "meaning"))
    for name, entry in comparison.similarity.items():
        info = SIMILARITY[name]
        both.add_row(info.title, _text(info, entry), info.show(entry.floor), info.about)
    each = _table(("distances rank with", first, second, "meaning"))
    for factor in dict.fromkeys(name for side in comparison.agreement for name in side):
        for kind, words in KINDS.items():
            entries = (side.get(factor, {}).get(kind) for side in comparison.agreement)
            cells = (plain("–") if entry is None else _text(RANK, entry) for entry in entries)
            about = agreement_about(factor) if kind == "rank" else ""
            each.add_row(plain(factor.replace("_", " ") + words), *cells, about)
    heads = _table(("head on relative representations", f"used on {first}", f"used on {second}", "floor"))
    for name, info in STITCHING.items():
        for trained, line in zip((first, second), comparison.stitching, strict=True):
            if name in line[0]:
                cells = (_text(info, values[name]) for values in line)
                heads.add_row(plain(f"{info.title}, trained on {trained}"), *cells, info.show(line[0][name].floor))
    smoke = f"; SMOKE RUN, at most {comparison.limit} objects a split" if comparison.limit else ""
    caption = (
        f"{cleaned(comparison.dataset)}: {comparison.objects} val objects x {comparison.views} views; [low, high]: "
        f"{comparison.level:.0%} interval over objects{smoke}"
    )
    return "\n\n".join([*("\n".join(_lines(table)) for table in (both, each, heads)), caption])


def _table(titles: Sequence[str]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for title in titles:
        table.add_column(plain(title), justify="left" if title in (titles[0], "meaning") else "right", no_wrap=True)
    return table


def _lines(table: Table) -> Iterable[str]:
    return (line.rstrip() for line in drawn(table) if line.strip())


def _text(info: MetricInfo, entry: Estimate) -> Text:
    return plain(f"{info.show(entry.value)} [{info.show(entry.low)}, {info.show(entry.high)}]")
