"""The script of `make check` for docstrings and names: it reports each kind of fault, and nothing of the repository."""

import importlib.util
import subprocess
import sys

import pytest
from paths import ROOT

SCRIPT = ROOT / ".ci" / "docstrings.py"
FAULTY = '''
"""Where things are."""

class Row:
    """A row."""

    place: str

def read(given, *, here=1):
    """Read it."""
    found = [one for one in given]
    said, width = 1, 2
    return found

def theirs(): ...
'''


def test_faults_are_listed_with_their_lines(tmp_path, monkeypatch):
    spec = importlib.util.spec_from_file_location("docstrings", SCRIPT)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    monkeypatch.setattr(script, "ROOT", tmp_path)
    (tmp_path / "a.py").write_text(FAULTY)
    names = [line.partition(": ")[2].partition(":")[0] for line in script.faults(tmp_path / "a.py")]
    assert sorted(names) == sorted(
        ["module", *(f"the name {name}" for name in ("given", "here", "found", "one", "said", "theirs"))]
    )


@pytest.mark.slow
def test_the_repository_has_none():
    result = subprocess.run([sys.executable, SCRIPT], check=False, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
