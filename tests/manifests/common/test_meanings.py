"""Meanings of fields are read from docstrings in the project's form."""

from dataclasses import dataclass

from iebench.manifests.common.meanings import meanings


class Base:
    """A base.

    kept : of the base; again : replaced below
    """


@dataclass
class Example(Base):
    """Something with fields.

    one, two : share a meaning; three : on the
        next line too
    again : of the class; not an entry: this
    """


def test_names_share_lines_and_meanings_go_on() -> None:
    assert meanings(Example) == {
        "kept": "of the base",
        "again": "of the class; not an entry: this",
        "one": "share a meaning",
        "two": "share a meaning",
        "three": "on the next line too",
    }


def test_without_entries_there_are_none() -> None:
    assert meanings(int) == {} or "one" not in meanings(int)
