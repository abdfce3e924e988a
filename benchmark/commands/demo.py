"""`iebench demo`: the whole workflow on a small scale: render, train, score, compare."""

import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from iebench.manifests.common.progress import duration
from iebench.manifests.installed.parts import require
from iebench.manifests.shell.cli import SETTINGS, examples

from ..distributed.environment import check_once

# Sized for under 12 minutes on 2 CPU cores.
CLASSES = 55
OBJECTS_PER_CLASS = 18
VIEWS = 12
RESOLUTION = 64
QUALITY = "draft"
METHODS = ("sie", "vicreg", "random")

WITH_FAILURES = 3  # exit code of a command that finished with some failures


@dataclass(frozen=True)
class Step:
    """One command: its arguments, its output file, and the files that the output depends on."""

    arguments: Sequence[str]
    makes: Path
    needs: Sequence[Path] = ()

    @property
    def done(self) -> bool:
        """True if the output exists and is not older than the files it depends on."""
        if not self.makes.is_file():
            return False
        made = self.makes.stat().st_mtime
        return all(need.is_file() and need.stat().st_mtime <= made for need in self.needs)


def steps(out: Path) -> list[Step]:
    """Return the demo's commands in order; all files are in one folder."""
    data, runs = out / "builtin", out / "runs"
    ready, weights, scores = (
        data / "dataset.json",
        [runs / m / "model.safetensors" for m in METHODS],
        [runs / m / "score.json" for m in METHODS],
    )
    size = ["--classes", str(CLASSES), "--objects-per-class", str(OBJECTS_PER_CLASS), "--views", str(VIEWS)]
    render = ["render", *size, "--resolution", str(RESOLUTION), "--quality", QUALITY, "--out", str(data)]
    train = ["train", "--data", str(data), "--out", str(runs), "--resume"]
    files = [str(score) for score in scores]
    return [
        Step(render, ready),
        *(Step([*train, "--method", m, "--name", m], w, [ready]) for m, w in zip(METHODS, weights, strict=True)),
        *(
            Step(["score", "--run", str(runs / m), "--data", str(data), "--out", str(score)], score, [ready, w])
            for m, w, score in zip(METHODS, weights, scores, strict=True)
        ),
        Step(["leaderboard", *files, "--format", "md", "--out", str(out / "table.md")], out / "table.md", scores),
        Step(["report", *files, "--data", str(data), "--out", str(out / "report.html")], out / "report.html", scores),
    ]


def run(todo: Sequence[Step], execute: Callable[[Sequence[str]], int]) -> int:
    """Run steps one after another, without those that are done; stops at a failure.

    execute : function that runs a command and returns its exit code
    returns : 0, the exit code of the failed step, or 3 if all finished and some with failures
    """
    worst = 0
    for step in todo:
        click.echo(f"\n$ iebench {shlex.join(step.arguments)}")
        if step.done:
            click.echo(f"{step.makes} exists already")
            continue
        code = execute(step.arguments)
        if code == WITH_FAILURES:
            click.echo("finished with failures, which are listed above; the next step follows")
            worst = WITH_FAILURES
        elif code:
            click.echo(f"stopped: the command failed with exit code {code}; `iebench demo` continues from it")
            return code
    return worst


def as_process(arguments: Sequence[str]) -> int:
    """Run `iebench ARGUMENTS` in a separate process on this terminal; returns its exit code."""
    return subprocess.run([sys.executable, "-m", "iebench.manifests.shell.cli", *arguments], check=False).returncode


@click.command(
    context_settings=SETTINGS,
    epilog=examples(
        "iebench demo",
        "iebench demo --out elsewhere",
        "iebench demo --out elsewhere   # again: it continues where it stopped",
    ),
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("demo"),
    help="Folder for the dataset, runs, scores and report.",
)
def demo(out: Path) -> int:
    """Render, train, score and report on a small scale: the whole path.

    All 55 classes; SIE, VICReg and an untrained encoder. Prints every command before it runs it. A second call
    continues after the last finished step.
    """
    check_once("demo", os.environ)
    for module in ("bpy", "torch"):  # before minutes of work, not after
        require(module)
    start = time.monotonic()
    todo = steps(out)
    code = run(todo, as_process)
    if code in (0, WITH_FAILURES):
        scores = [str(step.makes) for step in todo if step.arguments[0] == "score"]
        click.echo(f"\n$ iebench leaderboard {shlex.join(scores)}")
        code = as_process(["leaderboard", *scores]) or code
        click.echo(f"\npictures and curves   {out / 'report.html'}   (open it in a browser)")
        click.echo(f"dataset               {out / 'builtin'}")
        click.echo(f"runs and scores       {out / 'runs'}")
        click.echo(f"table as Markdown     {out / 'table.md'}")
        click.echo(f"in all {duration(time.monotonic() - start)}")
    return code
