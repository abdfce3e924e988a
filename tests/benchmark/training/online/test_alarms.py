"""Alarms: the first loss term that diverged, and collapsed embeddings."""

from math import inf, nan
from pathlib import Path

import pytest
import torch
from torch import Tensor

from iebench.benchmark.errors import Collapsed, Diverged
from iebench.benchmark.training.online.alarms import Alarms

RUN = Path("runs/x")
GOOD = {"encoder": torch.randn(8, 4, generator=torch.Generator().manual_seed(0))}
FLAT = {"encoder": GOOD["encoder"], "projector": torch.ones(8, 4)}


def terms(loss: float, **others: float) -> dict[str, Tensor]:
    return {name: torch.tensor(value) for name, value in {"loss": loss, **others}.items()}


def alarmed(*steps: dict[str, Tensor]) -> str:
    """Return the alarm's message after steps 1, 2, ...; only the last step is checked."""
    alarms = Alarms(RUN, 1e-4)
    for step, values in enumerate(steps, start=1):
        alarms.remember(step, values)
    with pytest.raises(Diverged) as raised:
        alarms.look(len(steps), GOOD)
    return str(raised.value)


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        (
            [terms(3, a=1, b=2), terms(inf, a=1.25, b=inf), terms(nan, a=nan, b=nan)],
            "runs/x: the loss is nan at step 3; b (2, then inf) became non-finite first, at step 2: lower "
            "learning_rate with --set",
        ),
        (
            [terms(3, a=1, b=2, c=1), terms(nan, a=nan, b=inf, c=1)],
            "the loss is nan at step 2; a (1, then nan) and b (2, then inf) became non-finite first, at step 2:",
        ),
        (
            [terms(3, a=1, b=2), terms(nan, a=nan, b=nan)],
            "all terms became non-finite at step 2, so weights or images were",
        ),
        (
            [terms(3), terms(4), terms(nan), terms(nan)],
            "the loss is nan at step 4; it became non-finite at step 3 (4, then nan):",
        ),
        (
            [terms(inf, a=1e30, b=2)],
            "the loss is inf at step 1; the sum of its terms became non-finite first, at step 1:",
        ),
        ([terms(nan, a=nan, b=0)], "the loss is nan at step 1; a (nan) became non-finite first, at step 1:"),
    ],
)
def test_the_term_that_went_first_is_named(steps: list[dict[str, Tensor]], message: str) -> None:
    assert message in alarmed(*steps)


def test_the_step_before_may_belong_to_an_earlier_look() -> None:
    alarms = Alarms(RUN, 1e-4)
    alarms.remember(10, terms(3, a=1.5, b=2))
    alarms.look(10, GOOD)
    alarms.remember(11, terms(nan, a=nan, b=2))
    with pytest.raises(Diverged, match=r"a \(1.5, then nan\) became non-finite first, at step 11"):
        alarms.look(11, GOOD)


def test_a_loss_that_was_infinite_for_a_moment_goes_on() -> None:
    alarms = Alarms(RUN, 1e-4)
    for step, loss in enumerate([1.0, inf, 2.0], start=1):  # fp16 skips a step whose gradients overflow
        alarms.remember(step, terms(loss))
    alarms.look(3, GOOD)


def test_embeddings_that_are_one_vector_stop_the_run_at_the_third_look() -> None:
    alarms = Alarms(RUN, 1e-4)
    alarms.remember(10, terms(5, variance=0.5))
    alarms.look(10, {**FLAT, "projector": GOOD["encoder"]})
    for step in (20, 30):
        alarms.remember(step, terms(5, variance=0.5))
        alarms.look(step, FLAT)
    alarms.remember(40, terms(5, variance=0.25))
    with pytest.raises(
        Collapsed, match=r"the output of projector has .* since step 20 \(.* loss 5, variance 0.25\): raise"
    ):
        alarms.look(40, FLAT)


def test_a_look_in_between_at_which_they_differ_starts_the_count_again() -> None:
    alarms = Alarms(RUN, 1e-4)
    for step in range(1, 9):
        alarms.remember(step, terms(1))
        alarms.look(step, GOOD if step % 3 == 0 else FLAT)


def test_no_alarm_where_none_is_wanted_and_none_for_small_embeddings() -> None:
    never, usual = Alarms(RUN, 0.0), Alarms(RUN, 1e-4)
    for step in range(1, 6):
        for alarms, embeddings in ((never, FLAT), (usual, {"encoder": 1e-8 * GOOD["encoder"]})):
            alarms.remember(step, terms(1))
            alarms.look(step, embeddings)
    assert usual.spreads["encoder"] == pytest.approx(1, abs=0.2)
