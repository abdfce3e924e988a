"""Runs a notebook in the current folder and writes it with its outputs: python notebooks.py NOTEBOOK OUT.

Progress on standard error is left out, so that a notebook in the repository has only what its reader wants to see.
"""

import sys
from pathlib import Path

import nbclient
import nbformat


def executed(notebook: nbformat.NotebookNode, folder: Path) -> nbformat.NotebookNode:
    """Run a notebook from top to bottom in a folder, in a kernel of this Python; return it with its outputs.

    Raises
    ------
    CellExecutionError : a cell failed.
    """
    resources = {"metadata": {"path": str(folder)}}
    client = nbclient.NotebookClient(
        notebook, timeout=900, kernel_name="python3", resources=resources, record_timing=False
    )
    done: nbformat.NotebookNode = client.execute()
    for cell in done.cells:
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if output.get("name") != "stderr"]
    done.metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return done


if __name__ == "__main__":
    source, target = map(Path, sys.argv[1:])
    nbformat.write(executed(nbformat.read(source, as_version=4), Path.cwd()), target)
