"""Which scores a command compares when it is given some files, or none."""

from collections.abc import Sequence
from pathlib import Path

import click

from iebench.manifests.brief import few
from iebench.manifests.text.plain_text import cleaned

from ..results.reading import load_scores
from ..results.score import Score


def gather(files: Sequence[Path]) -> dict[Path, Score]:
    """The scores in these files; without any, those under runs/, smoke runs only where there is nothing else.

    What is left out is said on standard error.

    Raises
    ------
    ScoreFileError : a file that cannot be read, or none at all.
    """
    scores = load_scores(files)
    whole = {path: score for path, score in scores.items() if score.limit is None}
    if files or len(whole) in (0, len(scores)):
        return scores
    smoke = [cleaned(str(path)) for path in scores if path not in whole]
    click.echo(f"smoke runs are left out: {few(smoke)}", err=True)
    return whole
