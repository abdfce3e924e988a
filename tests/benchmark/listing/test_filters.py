"""Filters of runs: forms, comparisons, and what is refused."""

from pathlib import Path

import pytest

from iebench.benchmark.errors import SettingError, UnknownName
from iebench.benchmark.listing.filters import check_names, parsed

VALUES = {"method": "sie", "learning_rate": 3e-3, "seed": 0, "compile": False, "loss": None}


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("method=sie", True), ("method!=sie", False), ("lr>1e-3", True), ("lr >= 0.003", True), ("lr<3e-3", False),
        ("learning_rate<=0.003", True), ("seed=0", True), ("compile=false", True), ("compile=true", False),
        ("loss<5", False), ("loss!=5", True), ("seed<1", True), ("compile<1", False),
    ],
)  # fmt: skip
def test_a_filter_keeps_what_meets_it(text: str, kept: bool) -> None:
    assert parsed([text])[0].keeps(VALUES) is kept


@pytest.mark.parametrize("text", ["sie", "=3", "lr>", "lr=>1", "lr>fast"])
def test_what_is_no_filter_is_refused(text: str) -> None:
    with pytest.raises(
        SettingError, match=r"is not a filter: write NAME=VALUE|compares with .*, which is not a number: use = or"
    ):
        parsed([text])


@pytest.mark.parametrize("text", ["status=done lr>1e-3", "method=sie  seed != 0"])
def test_two_filters_in_one_argument_are_refused(text: str) -> None:
    with pytest.raises(SettingError, match="has several filters: give each as an argument of its own"):
        parsed([text])


def test_a_value_may_contain_blanks() -> None:
    assert parsed(["name=my first run"])[0].limit == "my first run"


def test_a_folder_given_as_a_filter_is_sent_to_its_option(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="is a folder, not a filter: give a folder of runs with --root"):
        parsed([str(tmp_path)])


def test_a_name_that_no_run_has_is_refused() -> None:
    with pytest.raises(UnknownName, match=r"unknown value of runs 'sead'; did you mean seed\?"):
        check_names(parsed(["sead=0"]), sorted(VALUES))
