"""`iebench report`: one page about some scores."""

from pathlib import Path

import click

from iebench.manifests.shell.answers import Forecast, answers, reply
from iebench.manifests.shell.cli import SETTINGS, examples
from iebench.manifests.shell.values import DATASET


@click.command(
    context_settings=SETTINGS,
    epilog=examples(
        "iebench report",
        "iebench report --data data/builtin --figures figures",
        "iebench report --space page && iebench push page --to USER/NAME",
        "iebench report --data data/builtin runs/sie-builtin-s0/score.json runs/vicreg-builtin-s0/score.json",
    ),
)
@click.argument("files", nargs=-1, type=click.Path(path_type=Path), metavar="[SCORE.JSON]...")
@click.option(
    "--data", type=DATASET, help="Dataset of the scores, for pictures.",
    show_default="their dataset, if it is under data/",
)  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path), default=Path("report.html"), help="HTML file to write.")
@click.option(
    "--figures", type=click.Path(path_type=Path), metavar="FOLDER",
    help="Also write two figures as SVG: class against rotation, retrievals of a predictor.",
)  # fmt: skip
@click.option(
    "--space", type=click.Path(path_type=Path), metavar="FOLDER",
    help="Also write a folder with the page that `iebench push` makes a static Space of the Hugging Face Hub.",
)  # fmt: skip
@answers(json=True, dry_run=True)
def report(
    files: tuple[Path, ...], data: Path | None, out: Path, figures: Path | None, space: Path | None, as_json: bool,
    dry_run: bool,
) -> None:  # fmt: skip
    """Write scores as one HTML page: table, charts, pictures, curves.

    Without files: all of runs/*/score.json except smoke runs. Without the dataset: no images. The page needs no
    network.
    """
    from iebench.manifests.common.files import write_atomic  # the others import torch; here, so that --help is quick

    from ..report import dataset_of
    from ..report import report as make_report
    from .gather import gather

    scores = gather(files)
    dataset = data or dataset_of(scores)
    if dry_run:
        reads = [*scores, *([dataset] if dataset else [])]
        writes = [path for path in (out, figures, space) if path is not None]
        work = f"a page of {len(scores)} score{'s' * (len(scores) > 1)}, {'with' if dataset else 'without'} pictures"
        Forecast([*map(str, reads)], [*map(str, writes)], work, out.parent).show(as_json)
        return
    page = make_report(scores, dataset)
    write_atomic(out, page)
    drawn: list[Path] = []
    if figures is not None:
        from ..report.figures import write

        drawn = write(figures, scores, dataset)
    if space is not None:
        from ..report.space import write as write_space

        drawn += write_space(space, page, next(iter(scores.values())))
    blind = ["without pictures: their dataset is not under data/; name it with --data"] if dataset is None else []
    lines = [*blind, f"{out}: written; open it in a browser", *(f"{path}: written" for path in drawn)]
    reply(as_json, {"written": [out, *drawn], "scores": list(scores), "dataset": dataset}, lines)
