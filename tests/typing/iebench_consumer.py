"""A program of a user, as `mypy --strict` checks it from outside in `make check`; it never runs.

`assert_type` states what a public function returns; a call marked `type: ignore` is wrong, and mypy reports the mark as
unused if iebench's types allow it.
"""

from pathlib import Path
from typing import assert_type

from torch import Tensor, nn

from iebench.benchmark import (
    ComparedEncoders,
    Dataset,
    Leaderboard,
    MeasuredOrbits,
    Run,
    Score,
    compare,
    leaderboard,
    measure_orbits,
    open_dataset,
    score,
    train,
)


def mean_colour(images: Tensor) -> Tensor:
    """Encode images (n, 3, h, w) as their mean colours (n, 3)."""
    return images.mean((2, 3))


def right(folder: Path, module: nn.Module) -> None:
    """Call every public function as its documentation says."""
    data = open_dataset(folder)
    assert_type(data, Dataset)
    assert_type(data[0].latents, dict[str, float])
    assert_type(data.classes, tuple[str, ...])
    objects = data.torch("train", views=2)
    assert_type(len(objects), int)
    assert_type(objects[0]["images"], Tensor)
    batches = objects.batches(8, workers=2)
    batches.load_state_dict(batches.state_dict())
    assert_type((len(batches), batches.epoch), tuple[int, int])
    run = train("sie", data, seed=1)
    assert_type(run, Run)
    assert_type(run.history, list[dict[str, float]])
    assert_type(run.scores, dict[Path, Score])
    scores = [score(encoder, data) for encoder in (run, module, mean_colour, "timm:resnet18", folder)]
    assert_type(scores, list[Score])
    board = leaderboard(scores, sort="top1")
    assert_type(board, Leaderboard)
    assert_type(board.to_latex(), str)
    assert_type(measure_orbits(module, folder), MeasuredOrbits)
    assert_type(compare(module, mean_colour, data), ComparedEncoders)


def wrong(data: Dataset) -> None:
    """Call them wrongly; each line is an error of types."""
    open_dataset(3)  # type: ignore[arg-type]
    data["first"]  # type: ignore[index]
    data.torch(views="two")  # type: ignore[arg-type]
    data.torch(views=2).batches("all")  # type: ignore[arg-type]
    train(data=data, seed="0")  # type: ignore[arg-type]
    score(3.5, data)  # type: ignore[arg-type]
    score(mean_colour, data, limit="few")  # type: ignore[arg-type]
    leaderboard([3])  # type: ignore[list-item]
