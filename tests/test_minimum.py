"""The versions that pyproject.toml allows; `by_hand/minimum.py` runs on the oldest of them."""

import tomllib

import minimum
import pytest
from minimum import lowest, requirements
from packaging.requirements import Requirement
from paths import ROOT

EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]


def pins():
    """Return the versions with which the tests pass, by package, for this Python."""
    lines = [line for line in (ROOT / ".ci" / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    pinned = [Requirement(line) for line in lines]
    kept = [requirement for requirement in pinned if requirement.marker is None or requirement.marker.evaluate()]
    return {requirement.name.lower(): next(iter(requirement.specifier)).version for requirement in kept}


@pytest.mark.parametrize("extra", [extra for extra in EXTRAS if extra not in ("check", "docs", "test")])
def test_every_package_that_a_user_installs_has_an_oldest_version(extra):
    needed = requirements([extra])
    oldest = lowest(needed)
    assert oldest and all(requirement.specifier.contains(oldest[requirement.name]) for requirement in needed)


def test_the_versions_that_the_tests_pass_with_are_promised_ones():
    known = pins()
    pinned = [requirement for requirement in requirements(EXTRAS) if requirement.name.lower() in known]
    assert len(pinned) > 20
    assert [
        str(requirement)
        for requirement in pinned
        if not requirement.specifier.contains(known[requirement.name.lower()])
    ] == []


def test_every_extra_of_a_user_is_used_on_its_oldest_version():
    assert {*minimum.EXTRAS, *minimum.USES} == EXTRAS.keys() - {"check", "docs", "test"}
    files = [word for words in minimum.USES.values() for word in words if word.startswith("tests/")]
    assert len(files) > 6 and all((ROOT / file).is_file() for file in files)


def test_a_package_without_an_oldest_version_is_named():
    with pytest.raises(ValueError, match="any version of b"):
        lowest([Requirement("a>=1"), Requirement("b<2")])


def test_versions_are_no_text():
    assert lowest([Requirement("a>=1.9"), Requirement("a>=1.10,<2")]) == {"a": "1.10"}
