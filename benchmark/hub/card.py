"""README.md of a run and of a folder of scores on the Hub: the header that the Hub reads, the table of scores, and use.

The header has each score of the whole representation as an entry of the Hub's model index, its interval in `args`.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from huggingface_hub import DatasetCardData, EvalResult, ModelCardData

from iebench.manifests.dataset import DatasetInfo
from iebench.manifests.text.escapes import markdown, markdown_code, markdown_row

from ..errors import IebenchError
from ..ranking.board import Board
from ..ranking.tables import markdown as table_of
from ..results.reading import load_score
from ..results.score import Score
from ..statistics.metric_info import WHOLE
from .origin import origin_of

TASK = "image-feature-extraction"
TAGS = ["iebench", "equivariance", "self-supervised-learning"]


def model_card(settings: Mapping[str, Any], scores: list[Path], name: str) -> str:
    """Return the card of a run.

    settings : its config.json; scores : paths of its score files; name : its repository, USER/NAME

    Raises
    ------
    ScoreFileError : a score file is damaged.
    """
    measured = {path: load_score(path) for path in scores}
    dataset = _hub_name(Path(settings.get("data", "")), settings["fingerprint"])
    boards = {path: Board.of({path: score}, parts=True) for path, score in measured.items()}
    results = [entry for board in boards.values() for entry in _results(board, dataset)]
    header = ModelCardData(
        library_name="iebench", pipeline_tag=TASK, tags=[*TAGS, settings["method"]],
        datasets=[dataset] if dataset else None, model_name=name, eval_results=results or None,
    )  # fmt: skip
    tables = [_section(f"Scores: {path.name}", board) for path, board in boards.items()]
    data = (
        f"[{dataset}](https://huggingface.co/datasets/{dataset})"
        if dataset
        else f"the dataset {markdown_code(Path(str(settings.get('data'))).name)}"
    )
    pulled = f"iebench pull datasets/{dataset}\n" if dataset else ""
    folder, data_folder = name.partition("/")[2], f"data/{dataset.partition('/')[2]}" if dataset else "FOLDER"
    commands = f"iebench pull models/{name}\n{pulled}iebench score --run runs/{folder} --data {data_folder}"
    parts = [
        f"---\n{header.to_yaml().strip()}\n---",
        f"# {markdown(name)}",
        f"An image encoder trained by iebench with the method "
        f"{markdown_code(settings['method'])}, seed {settings['seed']}, on {data} "
        f"(fingerprint {markdown_code(settings['fingerprint'][:12])}).",
        f"## Use\n\n```\n{commands}\n```",
        "From Python:\n\n```python\nfrom pathlib import Path\nfrom iebench.benchmark import Run\n\n"
        f'encoder = Run(Path("runs/{folder}")).encoder()  # images (B, 3, H, W) in [0, 1] to (B, D)\n```',
        *(tables or ["## Scores\n\nNot scored yet."]),
        _settings(settings),
    ]
    return "\n\n".join(parts) + "\n"


def scores_card(scores: Mapping[Path, Score], name: str) -> str:
    """Return the card of a folder of scores, with a table of each dataset and protocol.

    Raises
    ------
    NotComparable : scores of one dataset and protocol do not belong in one table.
    """
    groups: dict[tuple[Any, ...], dict[Path, Score]] = {}
    for path, score in scores.items():
        shift = score.shift.dataset.fingerprint if score.shift else ""
        groups.setdefault((score.dataset.name, score.dataset.fingerprint, score.protocol_id, shift, score.limit), {})[
            path
        ] = score
    header = DatasetCardData(pretty_name=name, tags=TAGS, viewer=False)
    parts = [
        f"---\n{header.to_yaml().strip()}\n---",
        f"# {markdown(name)}",
        f"Scores of {len(scores)} encoders by iebench.",
        f"```\niebench pull datasets/{name}\niebench leaderboard scores/{name.partition('/')[2]}/*.json\n```",
        *(_section(f"Dataset {board.about.dataset.name}, protocol {board.about.protocol.name}", board)
          for board in (Board.of(group, parts=True) for group in groups.values())),
    ]  # fmt: skip
    return "\n\n".join(parts) + "\n"


def _section(title: str, board: Board) -> str:
    return f"## {markdown(title)}\n\n{table_of(board)}"


def _results(board: Board, dataset: str) -> Iterator[EvalResult]:
    """Yield the entries of the model index: metrics with a column, in the unit of tables. Smoke runs have none."""
    score = board.about
    for metric in board.columns if score.limit is None else ():
        if estimate := score.values[WHOLE].get(metric):
            info = board.infos[metric]
            value, low, high = (float(info.show(v)) for v in (estimate.value, estimate.low, estimate.high))
            yield EvalResult(
                task_type=TASK, dataset_type=dataset or score.dataset.name, dataset_name=score.dataset.name,
                dataset_split="val", dataset_args={"fingerprint": score.dataset.fingerprint}, metric_type=metric,
                metric_name=info.title, metric_value=value, metric_config=f"protocol {score.protocol.name}",
                metric_args={"low": low, "high": high, "level": score.protocol.level},
            )  # fmt: skip


def _settings(settings: Mapping[str, Any]) -> str:
    """Return the table of the settings; config.json has them all."""
    method = settings.get("method_settings")
    entries = {**settings["settings"], **(method if isinstance(method, dict) else {})}
    rows = [
        markdown_row([markdown_code(str(key)), markdown(str(value))])
        for key, value in entries.items()
        if value is not None and not isinstance(value, dict)
    ]
    return "\n".join(["## Settings", "", "| setting | value |", "|---|---|", *rows, "", "All are in `config.json`."])


def _hub_name(data: Path, fingerprint: str) -> str:
    """Return USER/NAME of a dataset that was pushed or pulled; "" if it was not, or is another one now."""
    origin = origin_of(data)
    try:
        if origin is None or not origin.complete or DatasetInfo.load(data).fingerprint != fingerprint:
            return ""
    except IebenchError:
        return ""
    return origin.repository.partition("/")[2]
