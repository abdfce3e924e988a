"""The notebook of examples/ runs from top to bottom, and its committed outputs are those of a run."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from paths import HELPERS, ROOT

NOTEBOOKS = sorted((ROOT / "examples").glob("*.ipynb"))
MOST_BYTES = 300_000


def code(path: Path) -> list[dict[str, Any]]:
    """Return the cells with code of a notebook."""
    return [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]


def kinds(cell: dict[str, Any]) -> list[Any]:
    """Return the kinds of a cell's outputs: types of data, or the name of a stream."""
    return [sorted(output.get("data", [output.get("name")])) for output in cell["outputs"]]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_committed_outputs_are_whole_small_and_of_no_machine(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.encode()) < MOST_BYTES
    assert [cell["execution_count"] for cell in code(path)] == list(range(1, len(code(path)) + 1))
    assert not any(output["output_type"] == "error" for cell in code(path) for output in cell["outputs"])
    outputs = [output.get("data", {}) for cell in code(path) for output in cell["outputs"]]
    words = [part for data in outputs for kind, part in data.items() if not kind.startswith("image/")]
    assert not re.search(
        r"/(home|root|tmp|work|usr|opt|Users)/", json.dumps([words, [c["source"] for c in code(path)]])
    )


@pytest.mark.blender
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_and_shows_what_it_showed(path: Path, tmp_path: Path) -> None:
    for module in ("torch", "nbclient", "ipykernel"):
        pytest.importorskip(module)
    done = subprocess.run(
        [sys.executable, HELPERS / "notebooks.py", path, tmp_path / "out.ipynb"],
        check=False, capture_output=True, text=True, cwd=tmp_path, env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    for committed, executed in zip(code(path), code(tmp_path / "out.ipynb"), strict=True):
        assert kinds(committed) == kinds(executed), committed["id"]
