"""Settings: overrides are strict, typed and nested."""

from dataclasses import dataclass, field
from typing import Literal

import pytest

from iebench.manifests.common.settings import build, check_finite, override
from iebench.manifests.errors import InvalidValue, SettingError, UnknownName


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
        ("steps=2.5", "^--set steps: 2.5 is not int"),
        ("steps=true", "True is not int"),
        ("exact=1", "1 is not bool"),
        ("kind=c", "^--set kind: unknown value .c.; choose from a, b"),
        ("widths=[1, 'x']", r"^--set widths\[1\]: 'x' is not int"),
        ("steps", "write key=value"),
        ("steps.more=1", "no settings of its own"),
        ("inner.rate=nan", "^--set inner.rate: nan is not a finite number"),
        ("inner.rate=-inf", "^--set inner.rate: -inf is not a finite number"),
        ("widths=[1, inf]", r"^--set widths\[1\]: inf is not a finite number"),
        (f"inner.rate={10**400}", "a number of 401 digits is too large"),
    ],
)
def test_what_cannot_be_used_is_refused(assignment, words):
    with pytest.raises((SettingError, UnknownName), match=words):
        override(Outer(1), [assignment])


@dataclass(frozen=True)
class Range:
    low: int = 1
    high: int = 2

    def __post_init__(self) -> None:
        if self.low >= self.high:
            raise InvalidValue(f"low must be below high={self.high}, not {self.low}")


@dataclass(frozen=True)
class Nested:
    range: Range = field(default_factory=Range)


def test_settings_that_need_one_another_may_come_in_any_order():
    for both in (["low=5", "high=6"], ["high=6", "low=5"], ["low=7", "high=6", "low=5"]):
        assert override(Range(), both) == Range(5, 6)
    assert override(Nested(), ["range.low=5", "range.high=6"]) == Nested(Range(5, 6))
    for wrong in (["low=5"], ["low=5", "high=4"], ["low=5", "hihg=6"], ["low=5", "high.more=6"]):
        with pytest.raises(SettingError, match=r"^--set low: low must be below high=2, not 5$"):
            override(Range(), wrong)


def test_a_number_in_a_table_is_named_by_its_keys():
    with pytest.raises(SettingError, match=r"^mine\.toml: train\.inner\.rate: inf is not a finite number$"):
        check_finite({"steps": 1, "inner": {"rate": float("inf")}}, "mine.toml: train")
    check_finite({"steps": 1, "widths": [1, 2.5], "name": "nan"}, "mine.toml: train")


def test_a_missing_setting_is_named():
    with pytest.raises(SettingError, match="'steps' is missing"):
        build(Outer, {}, "file.toml")
