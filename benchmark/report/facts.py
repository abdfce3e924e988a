"""The lists of the page: meaning of the numbers, dataset, runs and machines, protocol, published results."""

from collections.abc import Iterable, Mapping
from io import BytesIO
from pathlib import Path

from iebench.manifests.common.meanings import meanings
from iebench.manifests.common.progress import duration
from iebench.manifests.common.settings import flat
from iebench.manifests.dataset import DatasetInfo
from iebench.manifests.pages.page import embedded
from iebench.manifests.reading.sheet import classes_sheet, views_sheet
from iebench.manifests.text.escapes import html as escape

from ..metrics.geometry.curves import is_point
from ..ranking import agreement, origins
from ..ranking.board import Board
from ..ranking.conclusion import conclusion
from ..ranking.published import CAPTION, TITLES, cells
from ..results.score import Score


def metrics(board: Board) -> str:
    """Make a list of metrics with their meanings and floors; points of curves are explained beside these."""
    infos = [board.infos[metric] for metric in board.metrics if not is_point(metric)]
    return definitions(
        (info.title, f"{info.about}. Floor: {info.floor}" if info.floor else info.about) for info in infos
    )


def conclusion_of(board: Board) -> str:
    """Make a paragraph of the board's conclusion; "" if there is nothing to conclude."""
    sentences = conclusion(board)
    return f"<p id='conclusion'>{escape(' '.join(sentences))}</p>" if sentences else ""


def notes(board: Board) -> str:
    """Make a list of facts that limit the meaning of rows; "" if there are none."""
    if not board.notes:
        return ""
    lines = "".join(f"<li>{escape(note)}</li>" for note in board.notes)
    return f"<h3>Before trusting a row</h3><ul id='notes'>{lines}</ul>"


def dataset(about: Score, data: Path | None, info: DatasetInfo | None) -> str:
    """Show images and facts of the dataset; without its folder, the facts in the scores."""
    if data is None or info is None:
        known = about.dataset
        return definitions([("name", known.name), ("fingerprint", known.fingerprint), ("views", str(known.views))])
    sheets = ((classes_sheet(data), "one picture of every class"), (views_sheet(data), "the views of one object"))
    images = []
    for sheet, words in sheets:
        out = BytesIO()
        sheet.save(out, "JPEG", quality=85)
        images.append(f"<div class='scroll'><img alt='{words}' src='{embedded(out.getvalue(), 'jpeg')}'></div>")
    laws = [[f.name, f.in_words, f.unit, f.frame] for f in info.recipe.factors]
    return "".join(images) + definitions(_facts(info)) + grid(["latent", "law", "unit", "frame"], laws)


def runs(board: Board) -> str:
    """Make a table of the runs' settings and machines, one column per run."""
    scores = [score for row in board.rows if row.part == "whole" for score in row.group.scores.values()]
    rows = {
        "method": [str(score.run.get("method", "–")) for score in scores],
        "training settings": [_settings(score, "settings") for score in scores],
        "method's settings": [_settings(score, "method_settings") for score in scores],
        "trained on": [str(score.run.get("device", "–")) for score in scores],
        "training data": [origins.words(score) for score in scores],
        "encoder": [_flat_line({k: v for k, v in vars(score.encoder).items() if k != "name"}) for score in scores],
        "cost": [_flat_line(vars(score.cost)) for score in scores],
        "probes' seed": [str(score.seed) for score in scores],
        "scored on": [score.device for score in scores],
        "scoring took": [duration(sum(score.seconds.values())) for score in scores],
        "versions": [_flat_line(score.versions) for score in scores],
    }
    head = "".join(f"<th scope='col'>{escape(score.name)}</th>" for score in scores)
    body = "".join(
        f"<tr><th scope='row'>{escape(name)}</th>{''.join(f'<td>{escape(v)}</td>' for v in values)}</tr>"
        for name, values in rows.items()
    )
    table = f"<table class='runs'><thead><tr><td></td>{head}</tr></thead><tbody>{body}</tbody></table>"
    return f"<div class='scroll'>{table}</div>"


def protocol(about: Score) -> str:
    """List every setting of the protocol with its meaning, and its rules in words."""
    settings = {k: v for k, v in flat(about.protocol.as_dict()).items() if k != "rules"}
    lines = [("id", about.protocol_id, "digest of all settings; scores with one id are comparable")]
    lines += [(key, _plain(value), _meaning(about.protocol, key)) for key, value in settings.items()]
    rules = "".join(f"<li>{escape(rule)}</li>" for rule in about.protocol.rules)
    return f"<ul>{rules}</ul>{grid(['setting', 'value', 'meaning'], lines)}"


def probes(board: Board) -> str:
    """Make a table of the regularisation selected for each probe; "" if no score has it."""
    scores = [score for row in board.rows if row.part == "whole" for score in row.group.scores.values()]
    pairs = dict.fromkeys(
        (p, name) for s in scores for p, selections in s.regularisation.items() for name in selections
    )
    if not pairs:
        return ""
    lines = [
        [part, name, *(str(score.regularisation.get(part, {}).get(name, "–")) for score in scores)]
        for part, name in pairs
    ]
    table = grid(["part", "probe", *(score.name for score in scores)], lines)
    return f"<h3>Regularisation selected on the tuning objects</h3>{table}"


def published_rows(board: Board) -> str:
    """Make a table of results reported by papers, separate from measured results, and compare its orders with ours."""
    orders = "".join(f"<li>{escape(str(entry))}</li>" for entry in agreement.agreements(board))
    compared = f"<p class='soft'>{escape(agreement.CAPTION)}</p><ul id='agreements'>{orders}</ul>" if orders else ""
    return f"<p class='soft'>{escape(CAPTION)}</p>{grid(list(TITLES.values()), cells())}{compared}"


def definitions(entries: Iterable[tuple[str, str]]) -> str:
    """Make a <dl> of terms and texts."""
    return "<dl>" + "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in entries) + "</dl>"


def grid(titles: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Make a table of texts, which scrolls on a narrow page."""
    head = "".join(f"<th scope='col'>{escape(title)}</th>" for title in titles)
    body = "".join(f"<tr>{''.join(f'<td>{escape(value)}</td>' for value in row)}</tr>" for row in rows)
    return f"<div class='scroll'><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"


def _facts(info: DatasetInfo) -> Iterable[tuple[str, str]]:
    yield "recipe", f"{info.recipe.name}, {info.recipe.resolution} pixels, {info.recipe.views} views of each object"
    yield "objects from", info.source
    yield "latents", f"drawn from seed {info.seed}" if info.latents == "drawn" else info.latents
    yield "rendered with", ", ".join(str(value) for value in info.renderer.values() if isinstance(value, str))
    yield "quality", info.quality
    for split, counts in info.counts.items():
        yield (
            split,
            ", ".join(f"{n} {noun}" for noun, n in counts.items()) if isinstance(counts, Mapping) else str(counts),
        )
    yield "licence", info.licence
    yield "fingerprint", info.fingerprint


def _meaning(protocol: object, key: str) -> str:
    """Return the meaning of a setting, such as "linear.ridge", from the docstring of its class."""
    *names, last = key.split(".")
    for name in names:
        protocol = protocol[name] if isinstance(protocol, dict) else getattr(protocol, name)
    return meanings(type(protocol)).get(last, "")


def _settings(score: Score, key: str) -> str:
    return _flat_line(score.run.get(key, {}))


def _flat_line(table: Mapping[str, object]) -> str:
    """Format every non-empty entry as "name value", in one line."""
    return (
        ", ".join(f"{name} {_plain(value)}" for name, value in flat(table).items() if value is not None and value != "")
        or "–"
    )


def _plain(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return " ".join(map(_plain, value)) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value)
