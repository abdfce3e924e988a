"""The width that tables may have."""

import os
import sys

import pytest
from rich.table import Table

from iebench.manifests.shell import tables


@pytest.mark.parametrize(("columns", "width"), [(80, 80), (5000, tables.WIDTH)])
def test_a_terminal_has_room_for_its_columns(monkeypatch: pytest.MonkeyPatch, columns: int, width: int) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(tables.shutil, "get_terminal_size", lambda: os.terminal_size((columns, 20)))
    assert tables.room() == width


def test_a_pipe_has_room_for_every_column(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: False, raising=False)
    assert tables.room() == tables.WIDTH


def test_a_table_fits_from_its_own_width_on() -> None:
    table = Table("title")
    table.add_row("x" * 30)
    own = len(tables.drawn(table, colour=False)[0])
    assert tables.fits(table, own) and not tables.fits(table, own - 1) and tables.fits(table)
