"""Confused classes and predictions of single views, from the packed lists of scores."""

from dataclasses import replace

import numpy as np
from scoring import measured, score_of

from iebench.benchmark.report.answers import clustered, counted
from iebench.benchmark.results.score import Answers, Score
from iebench.benchmark.statistics.resamples import pack


def score(classes: tuple[str, ...], true: list[int], predicted: list[int]) -> Score:
    made = score_of("a", {"whole": {"top1": measured(0.5)}})
    views = len(predicted) // len(true)
    answers = Answers(classes, pack(np.array(true, float)), pack(np.array(predicted, float)))
    return replace(made, answers=answers, dataset=replace(made.dataset, views=views, val_objects=len(true)))


def test_views_are_counted_by_true_and_predicted_class() -> None:
    generator = np.random.default_rng(0)
    true, predicted = generator.integers(0, 3, 5).tolist(), generator.integers(0, 3, 20).tolist()
    slow = np.zeros((4, 4), int)  # "b" is a class of another score
    numbers = [0, 2, 3]
    for view, guess in enumerate(predicted):
        slow[numbers[true[view // 4]], numbers[guess]] += 1
    assert (counted(score(("a", "c", "d"), true, predicted), ["a", "b", "c", "d"]) == slow).all()


def test_classes_that_are_confused_stand_beside_each_other() -> None:
    counts = 10 * np.eye(6, dtype=np.int64)
    for left, right in ((0, 3), (1, 4), (2, 5)):
        counts[left, right] = counts[right, left] = 8
    order = clustered(counts).tolist()
    assert sorted(order) == list(range(6))
    for left, right in ((0, 3), (1, 4), (2, 5)):
        assert abs(order.index(left) - order.index(right)) == 1
