"""Scores of wrapped encoders by several ranks: those of one process, to the last digit."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sharing
from scoring import untrained_run
from trainings import forked_ranks

from iebench.benchmark.commands.launch import launch
from iebench.benchmark.results.reading import load_score
from iebench.benchmark.scoring.wrapping import changes

RUN, WRAPPED = "runs/sie-tiny-s0", "runs/sie-tiny-s0+canonical-c4"


def content(folder: Path) -> list[Any]:
    """Return values, changes and features of the run in a folder, behind the wrapper and alone."""
    alone, wrapped = (load_score(folder / run / "score.json") for run in (RUN, WRAPPED))
    stored = [np.load(path).tobytes() for run in (RUN, WRAPPED) for path in sorted((folder / run).glob("features/*"))
              if path.suffix == ".npy"]  # fmt: skip
    assert len(stored) == 4  # train and val of both
    return [alone.values, wrapped.values, changes(alone, wrapped), wrapped.notes, wrapped.encoder, stored]


@pytest.mark.slow
def test_two_ranks_score_a_wrapped_encoder_as_one_process_does(tiny_dataset: Path, tmp_path: Path) -> None:
    """A learned wrapper, which every rank trains; the score without it is made first, and read the second time."""
    for name, ranks in (("one", 1), ("two", 2)):
        (tmp_path / name).mkdir()
        untrained_run(tmp_path / name / RUN, tiny_dataset)
        with forked_ranks():
            launch(ranks, sharing.score_wrapped, tmp_path / name, RUN, tiny_dataset, "canonical-c4")
    together = content(tmp_path / "two")
    assert together == content(tmp_path / "one")
    kept = tmp_path / "two" / RUN / "score.json"
    before = kept.read_bytes()
    (tmp_path / "two" / WRAPPED / "score.json").unlink()
    for path in (tmp_path / "two" / RUN / "features").iterdir():
        path.unlink()  # not needed again, since the score is read
    with forked_ranks():
        launch(2, sharing.score_wrapped, tmp_path / "two", RUN, tiny_dataset, "canonical-c4")
    assert kept.read_bytes() == before and not list((tmp_path / "two" / RUN / "features").iterdir())
    wrapped = load_score(tmp_path / "two" / WRAPPED / "score.json")
    assert changes(load_score(kept), wrapped) == together[2]
