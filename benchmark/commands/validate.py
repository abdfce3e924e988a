"""`iebench validate`: check scores for a leaderboard."""

import json
import sys
from pathlib import Path

import click

from iebench.manifests.brief import LONGEST, cut
from iebench.manifests.shell.answers import answers, print_json
from iebench.manifests.shell.cli import SETTINGS, examples
from iebench.manifests.text.plain_text import cleaned

from ..errors import ScoreFileError
from ..results.faults import absences_of
from ..results.reading import read_score


@click.command(
    context_settings=SETTINGS,
    epilog=examples(
        "iebench validate runs/sie-builtin-s0/score.json",
        "iebench validate runs/*/score.json",
        "iebench validate --schema > score.schema.json",
    ),
)
@click.argument("files", nargs=-1, type=click.Path(path_type=Path), metavar="SCORE.JSON...")
@click.option("--schema", is_flag=True, help="Print the JSON schema of score files, and stop.")
@answers(json=True)
def validate(files: tuple[Path, ...], schema: bool, as_json: bool) -> None:
    """Check that score files may go on a leaderboard.

    They must be complete, unchanged, of the full dataset, and describe every metric that is not iebench's own. Each
    fault is reported in one sentence. The exit code is 1 if there is any.
    """
    if schema:
        from ..results.schema import schema as made

        click.echo(json.dumps(made(), indent=2))
        return
    if not files:
        raise click.UsageError("name the score files")
    reports = [faults(path) for path in files]
    if as_json:
        print_json(
            {
                path: [cleaned(sentence) for sentence in sentences]
                for path, sentences in zip(files, reports, strict=True)
            }
        )
        sys.exit(int(any(reports)))
    for path, sentences in zip(files, reports, strict=True):
        for sentence in sentences:
            click.echo(cut(cleaned(sentence), LONGEST), err=True)
        if not sentences:
            click.echo(f"{cleaned(str(path))}: ok")
    sys.exit(int(any(reports)))


def faults(path: Path) -> list[str]:
    """List the faults that exclude a score file from a leaderboard, one sentence each."""
    try:
        score, damage = read_score(path)
    except ScoreFileError as error:
        return [str(error)]
    sentences = [f"{path}: {fault}" for fault in damage or absences_of(score)]
    if score.limit is not None:
        sentences.append(f"{path} is a smoke run on at most {score.limit} objects a split: score without --limit")
    return sentences
