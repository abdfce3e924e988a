"""Third-party packages for tests, in the form that an installation leaves: a module and its entry points."""

import sys
from pathlib import Path

import pytest


def install(site: Path, monkeypatch: pytest.MonkeyPatch, group: str, points: dict[str, str], **modules: str) -> None:
    """Write modules (name -> code) into the folder `site`, with entry points (name -> module) of one group."""
    info = site / "theirs-1.0.dist-info"
    info.mkdir(parents=True, exist_ok=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1.0\n")
    lines = "".join(f"{name} = {module}\n" for name, module in points.items())
    (info / "entry_points.txt").write_text(f"[{group}]\n{lines}")
    for name, code in modules.items():
        (site / f"{name}.py").write_text(code)
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.syspath_prepend(str(site))
