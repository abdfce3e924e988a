"""Ranks: two with half a batch each are one with all of it."""

import pytest
from together import TRAINED, compare_methods, run_ranks


@pytest.fixture(scope="module")
def differences() -> dict[str, list[float]]:
    """How far two ranks are from one process, by method: terms, gradients, buffers."""
    return run_ranks(2, compare_methods)


@pytest.mark.parametrize("method", TRAINED)
def test_two_ranks_with_half_a_batch_are_one_with_all_of_it(method: str, differences: dict[str, list[float]]) -> None:
    terms, gradients, buffers = differences[method]
    assert terms < 1e-10 and gradients < 1e-7 and buffers < 1e-10
