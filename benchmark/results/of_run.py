"""The scores of a run: the files in its folder, and those elsewhere that `iebench score --run` wrote."""

from pathlib import Path

from iebench.manifests.common.causes import read_failure
from iebench.manifests.common.files import write_atomic

from ..errors import RunError, ScoreFileError
from .reading import load_score
from .score import Score

ELSEWHERE = "scores.txt"  # paths of score files outside the run's folder, one a line
KINDS = ("score*.json", "ask-*.json")


def remember(run: Path, path: Path) -> None:
    """Note in a run's folder that a score of it lies elsewhere; does nothing for a file in the folder itself.

    Raises
    ------
    RunError, DiskError : the list cannot be read or written.
    """
    known = _elsewhere(run)
    if path.resolve().parent != run.resolve() and path.resolve() not in known:
        write_atomic(run / ELSEWHERE, "".join(f"{entry}\n" for entry in (*known, path.resolve())))


def scores_of(run: Path) -> dict[Path, Score]:
    """Return the scores of a run by file, score.json first. Files elsewhere that are gone or damaged are left out.

    Raises
    ------
    ScoreFileError : a score in the run's folder is damaged.
    """
    inside = sorted(
        (path for kind in KINDS for path in run.glob(kind)), key=lambda path: (path.name != "score.json", path)
    )
    scores = {path: load_score(path) for path in inside}
    for path in _elsewhere(run):
        try:
            scores[path] = load_score(path)
        except ScoreFileError:  # its owner moved it, or wrote something else there
            continue
    return scores


def _elsewhere(run: Path) -> list[Path]:
    path = run / ELSEWHERE
    try:
        return [Path(line) for line in path.read_text(encoding="utf-8").split("\n")[:-1]] if path.is_file() else []
    except (OSError, UnicodeDecodeError) as error:
        raise RunError(read_failure(path, error, "restore it, or remove it")) from error
