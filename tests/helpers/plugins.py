"""Third-party packages for tests, in the form that an installation leaves: a module and its entry points."""

import sys
from pathlib import Path
from typing import Any

import pytest

from iebench.manifests.installed.registry import Registry


def install(
    site: Path, monkeypatch: pytest.MonkeyPatch, registry: Registry[Any], points: dict[str, str], **modules: str
) -> None:
    """Write modules (name -> code) into the folder `site`, with entry points (name -> module) of a registry's group.

    The registry forgets their entries after the test.
    """
    info = site / "theirs-1.0.dist-info"
    info.mkdir(parents=True, exist_ok=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1.0\n")
    lines = "".join(f"{name} = {module}\n" for name, module in points.items())
    (info / "entry_points.txt").write_text(f"[{registry.group}]\n{lines}")
    for name, code in modules.items():
        (site / f"{name}.py").write_text(code)
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.syspath_prepend(str(site))
    forget(monkeypatch, registry, *(name for name in points if not registry.ours(name)))


def forget(monkeypatch: pytest.MonkeyPatch, registry: Registry[Any], *names: str) -> None:
    """Let a registry forget, after the test, entries that the test will register."""
    for entries in (registry._entries, registry._modules):
        for name in names:
            monkeypatch.setitem(entries, name, "")  # so that `undo` deletes it
            del entries[name]
