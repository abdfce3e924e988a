"""Determinism is judged column by column, relative to each column's spread and size."""

import pytest
import torch
from torch import nn

from iebench.benchmark.encoders.determinism import COARSE, ROUNDING, rounding, unsteady


def outputs() -> torch.Tensor:
    """Features with columns of scales from 1e-3 to 1e3, a constant, a zero column, and one that hardly varies."""
    noise = torch.randn(4, 7, generator=torch.Generator().manual_seed(0))
    scaled = noise * torch.tensor([1e-3, 1e-1, 1, 1e3, 0, 0, 1e-5])
    return scaled + torch.tensor([0, 0, 0, 0, 1000.0, 0, 1])


def test_rounding_is_no_alarm() -> None:
    first = outputs()
    for sign in (-1, 1):
        assert not unsteady(first, first * (1 + sign * 2e-7) + sign * 1e-7, ROUNDING)  # a ulp, and what sums leave
        assert not unsteady(first, (first * (1 + sign * 4e-3)).bfloat16().float(), COARSE)


@pytest.mark.parametrize("column", [1, 2, 3])
def test_any_column_may_give_the_alarm(column: int) -> None:
    again = outputs()
    again[2, column] *= 1.5
    assert f"in column {column}," in unsteady(outputs(), again, ROUNDING)


def test_dead_answers_are_steady() -> None:
    assert not unsteady(torch.zeros(4, 3), torch.zeros(4, 3), ROUNDING)
    assert unsteady(torch.zeros(4, 3), torch.ones(4, 3), ROUNDING)


def test_coarse_numbers_are_allowed_more() -> None:
    fine, coarse = nn.Linear(2, 2), nn.Linear(2, 2).bfloat16()
    assert rounding(fine, outputs()) == (ROUNDING, ROUNDING)
    coarser = (
        rounding(coarse, outputs()),
        rounding(fine, outputs(), bf16=True),
        rounding(fine, outputs().half().float()),
    )
    assert set(coarser) == {(COARSE, COARSE)}
