"""Progress shows a line for each process below its bar, and only on a terminal."""

import io

import pytest
from rich.console import Console

from iebench.manifests.common import progress
from iebench.manifests.common.progress import Meter


def shown(terminal: bool, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the output of a meter that shows two lines below its bar."""
    screen = io.StringIO()
    monkeypatch.setattr(progress, "Console", lambda stderr: Console(file=screen, force_terminal=terminal, width=60))
    with Meter("rendering", 4, "images") as meter:
        meter.advance(1)
        meter.below(["chair 1a, 3 s", f"mug \x1b[31m{'x' * 80}"])
        if meter._bar is not None:
            meter._bar.refresh()
    return screen.getvalue()


def test_lines_stand_below_the_bar_and_go_with_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    text = shown(True, monkeypatch)
    frames = text.split("rendering")
    assert any("  chair 1a, 3 s" in frame and "…" in frame for frame in frames[1:-1])
    assert "chair" not in frames[-1] and "[31m" not in text.replace("\x1b[31m", "", 0).split("mug", 1)[1].split("x")[0]


def test_a_log_has_none_of_them(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert "chair" not in shown(False, monkeypatch) + capsys.readouterr().err
