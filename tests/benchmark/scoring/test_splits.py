"""Warnings about a split before it is scored."""

import numpy as np
import pytest

from iebench.benchmark.errors import DatasetError
from iebench.benchmark.fitting.context import Split
from iebench.benchmark.scoring.splits import unseen


def of_labels(*labels: int) -> Split:
    objects = len(labels) // 2
    return Split(
        features=np.zeros((len(labels), 3), np.float32),
        labels=np.array(labels),
        latents={},
        identities=[("0", str(i)) for i in range(objects)],
        views=2,
        pairs=np.zeros((objects, 1, 2), np.int64),
    )


def test_classes_that_train_lacks_are_named_with_what_they_cost() -> None:
    train = of_labels(0, 0, 1, 1)
    assert unseen("chairs", train, of_labels(1, 1, 0, 0)) == ()
    (note,) = unseen("chairs", train, of_labels(0, 0, 0, 0, 1, 1, 7, 7))
    assert note.startswith("the train split of chairs has no object of 1 of the 3 classes in val, so that top-1 is at")
    assert "at most 75.0 %: render or import more objects" in note
    with pytest.raises(
        DatasetError, match="train split of chairs has no object of any of the 2 classes in val: render"
    ):
        unseen("chairs", train, of_labels(7, 7, 8, 8))
