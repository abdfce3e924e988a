"""Settings: overrides are strict, typed and nested."""

from dataclasses import dataclass, field
from typing import Literal

import pytest

from iebench.manifests.common.settings import build, check_finite, override
from iebench.manifests.errors import SettingError, UnknownName


@dataclass(frozen=True)
class Inner:
    rate: float = 0.1


@dataclass(frozen=True)
class Outer:
    steps: int
    kind: Literal["a", "b"] = "a"
    note: str | None = None
    widths: tuple[int, ...] = (1,)
    exact: bool = False
    inner: Inner = field(default_factory=Inner)


def test_values_are_read_as_their_types():
    changed = override(Outer(1), ["steps=2", "kind=b", "note=hello", "widths=[3, 4]", "exact=true", "inner.rate=1"])
    assert changed == Outer(2, "b", "hello", (3, 4), True, Inner(1.0))
    assert isinstance(changed.inner.rate, float)


@pytest.mark.parametrize(
    ("assignment", "words"),
    [
        ("stpes=2", "did you mean steps"),
        ("inner.rat=2", "did you mean rate"),
        ("steps=2.5", "2.5 is not int"),
        ("steps=true", "True is not int"),
        ("exact=1", "1 is not bool"),
        ("kind=c", "choose from a, b"),
        ("widths=[1, 'x']", "'x' is not int"),
        ("steps", "write key=value"),
        ("steps.more=1", "no settings of its own"),
        ("inner.rate=nan", "^--set inner.rate: nan is no finite number"),
        ("inner.rate=-inf", "^--set inner.rate: -inf is no finite number"),
        ("widths=[1, inf]", r"^--set widths\[1\]: inf is no finite number"),
        (f"inner.rate={10**400}", "a number of 401 digits is too large"),
    ],
)
def test_what_cannot_be_used_is_refused(assignment, words):
    with pytest.raises((SettingError, UnknownName), match=words):
        override(Outer(1), [assignment])


def test_a_number_in_a_table_is_named_by_its_keys():
    with pytest.raises(SettingError, match=r"^mine\.toml: train\.inner\.rate: inf is no finite number$"):
        check_finite({"steps": 1, "inner": {"rate": float("inf")}}, "mine.toml: train")
    check_finite({"steps": 1, "widths": [1, 2.5], "name": "nan"}, "mine.toml: train")


def test_a_missing_setting_is_named():
    with pytest.raises(SettingError, match="'steps' is missing"):
        build(Outer, {}, "file.toml")
