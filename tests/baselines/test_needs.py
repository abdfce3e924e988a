"""Needs of the pictures are a function of the settings; a wrong declaration names the method."""

import re

import pytest

from iebench.baselines.errors import MethodBroken
from iebench.baselines.method import Method, find, names
from iebench.baselines.needs import Needs
from iebench.manifests.errors import InvalidValue


@pytest.mark.parametrize("name", names())
def test_every_method_says_what_it_needs(name: str) -> None:
    needs = find(name).needs(find(name).defaults())
    assert needs.views >= 2 and needs.group >= 1


def test_needs_follow_the_settings() -> None:
    care = find("care")
    assert care.needs(care.settings(chunk=6)).group == 6


@pytest.mark.parametrize(
    ("needs", "words"),
    [
        (lambda: Needs(pictures=("stil",)), "no property 'stil'; choose from shared poses, "),
        (lambda: Needs(pictures=("runs",)), "a run has 3 views or more"),
        (lambda: Needs(views=3, group=2, pictures=("runs",)), "the objects of a group need shared poses for it"),
    ],
)
def test_needs_that_nothing_can_meet(needs: object, words: str) -> None:
    with pytest.raises(InvalidValue, match=words):
        needs()
    Needs(views=3, group=2, pictures=("runs", "shared poses"))


@pytest.mark.parametrize(
    ("needs", "words"),
    [
        (Needs(views=3), "failed (TypeError: 'Needs' object is not callable)"),
        (classmethod(lambda cls, settings: 3), "returns 3"),
        (
            classmethod(lambda cls, settings: Needs(pictures=("stil",))),
            "failed (InvalidValue: pictures have no property 'stil'",
        ),
        (classmethod(lambda cls, settings: settings.chunk), "failed ("),
    ],
)
def test_a_plug_in_that_declares_them_wrongly_is_named(
    needs: object, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = find("simclr")
    monkeypatch.setattr(entry.method, "needs", needs)
    with pytest.raises(MethodBroken, match=re.escape(words)) as error:
        entry.needs(entry.defaults())
    assert str(error.value).startswith("SimCLR.needs of method simclr ")


def test_a_method_that_declares_nothing_takes_any_two_views() -> None:
    assert Method.needs(None) == Needs(views=2, group=1, pictures=())
