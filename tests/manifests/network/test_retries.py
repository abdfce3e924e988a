"""Retries: temporary failures are repeated, permanent ones are not, and pauses grow up to the longest."""

import errno
import json
from types import SimpleNamespace

import pytest

from iebench.manifests.errors import DiskError
from iebench.manifests.network import retries
from iebench.manifests.network.retries import RequestFailed, repeat


def answered(status: int) -> Exception:
    error = RuntimeError()
    error.response = SimpleNamespace(status_code=status)  # type: ignore[attr-defined]
    return error


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses, which no test waits for."""
    slept: list[float] = []
    monkeypatch.setattr(retries, "time", SimpleNamespace(sleep=slept.append))
    monkeypatch.setattr(retries, "random", SimpleNamespace(uniform=lambda low, high: high))
    return slept


@pytest.mark.parametrize(
    "error",
    [ConnectionError(), answered(503), answered(429), json.JSONDecodeError("", "", 0), DiskError("3 of 5 bytes")],
)
def test_a_temporary_failure_is_repeated_with_growing_pauses(error: Exception, pauses: list[float]) -> None:
    failures = [error] * 4

    def action() -> str:
        if failures:
            raise failures.pop()
        return "done"

    assert repeat(action, 5, (1.0, 4.0)) == "done" and pauses == [1.0, 2.0, 4.0, 4.0]


@pytest.mark.parametrize("error", [answered(404), PermissionError(), ValueError(), OSError(errno.ENOSPC, "")])
def test_a_permanent_failure_ends_it(error: Exception, pauses: list[float]) -> None:
    def action() -> None:
        raise error

    with pytest.raises(RequestFailed) as caught:
        repeat(action, 5, (1.0, 4.0))
    assert (caught.value.cause, caught.value.attempts, pauses) == (error, 1, [])


def test_too_many_failures_end_it(pauses: list[float]) -> None:
    def action() -> None:
        raise ConnectionError

    with pytest.raises(RequestFailed) as caught:
        repeat(action, 3, (1.0, 4.0))
    assert caught.value.attempts == 3 and len(pauses) == 2
