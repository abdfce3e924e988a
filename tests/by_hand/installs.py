"""Installs a wheel with each extra in its own environment: by hand or in CI, in minutes and some gigabytes.

python tests/by_hand/installs.py [--constraint .ci/constraints.txt] [--keep FOLDER]
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import click
import helping  # noqa: F401  makes the next ones importable
from packages import built
from partial import MISSING, faults, material
from paths import ROOT


@click.command()
@click.option("--constraint", type=click.Path(path_type=Path), default=ROOT / ".ci" / "constraints.txt")
@click.option("--keep", type=click.Path(path_type=Path), help="Folder for the environments.", show_default="a new one")
def installs(constraint: Path, keep: Path | None) -> None:
    """Install the wheel bare, with [render] and with [train], and check the output of every verb."""
    with tempfile.TemporaryDirectory() as scratch:
        work = keep or Path(scratch)
        wheel, words = built(work), material(work)
        mistakes = []
        for install in MISSING:
            python = environment(work / install, f"{wheel}[{install}]" if install != "bare" else str(wheel), constraint)
            (work / f"{install}-empty").mkdir()
            mistakes += faults([str(python)], install, [], work / f"{install}-empty", words)
            for command in ([python.with_name("iebench")], [python, "-m", "iebench"]):
                text = subprocess.run([*command, "--version"], check=True, capture_output=True, text=True).stdout
                click.echo(f"{install}: {text.strip()}")
    for fault in mistakes:
        click.echo(fault, err=True)
    sys.exit(bool(mistakes))


def environment(folder: Path, requirement: str, constraint: Path) -> Path:
    """Make a virtual environment with one requirement; return its Python."""
    subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
    python = folder / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "-q", "-c", constraint, requirement], check=True)
    return python


if __name__ == "__main__":
    installs()
