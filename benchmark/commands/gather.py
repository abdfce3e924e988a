"""Selection of the scores that a command compares."""

from collections.abc import Sequence
from pathlib import Path

import click

from iebench.manifests.brief import few
from iebench.manifests.text.plain_text import cleaned

from ..results.reading import load_scores
from ..results.score import Score


def gather(files: Sequence[Path]) -> dict[Path, Score]:
    """Read the scores in some files; without files, those under runs/, with smoke runs only if there are no others.

    Scores that are left out are named on standard error.

    Raises
    ------
    ScoreFileError : a file cannot be read, or there is none.
    """
    scores = load_scores(files)
    full = {path: score for path, score in scores.items() if score.limit is None}
    if files or len(full) in (0, len(scores)):
        return scores
    smoke = [cleaned(str(path)) for path in scores if path not in full]
    click.echo(f"smoke runs are left out: {few(smoke)}", err=True)
    return full
