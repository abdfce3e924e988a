"""Builds the images of containers/ where a builder runs; elsewhere runs their steps in a clean environment.

python tests/by_hand/containers.py [render|train]...      minutes and gigabytes

Without a builder, each step runs with an empty environment, the files that COPY takes, and this Python; the packages of
apt-get are looked up and not installed, and no user is made.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

import click
import helping  # noqa: F401  makes the next ones importable
from paths import ROOT

NAMES = ("render", "train")
BUILDERS = ("podman", "docker", "buildah")


@dataclass(frozen=True)
class Step:
    """An instruction of a Containerfile and its text, continued lines joined."""

    instruction: str
    text: str

    def environment(self) -> dict[str, str]:
        """Return the variables of ENV."""
        return dict(word.split("=", 1) for word in shlex.split(self.text)) if self.instruction == "ENV" else {}

    def command(self) -> list[str]:
        """Return the words of ENTRYPOINT or CMD."""
        return list(json.loads(self.text))


def containerfile(name: str) -> Path:
    """Return the path of an image's Containerfile."""
    return ROOT / "containers" / f"{name}.Containerfile"


def steps(name: str) -> list[Step]:
    """Parse an image's Containerfile."""
    text = containerfile(name).read_text("utf-8")
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    joined = re.sub(r"\s*\\\n\s*", " ", "\n".join(lines))
    return [Step(*line.split(" ", 1)) for line in joined.splitlines()]


def packages(name: str) -> list[str]:
    """Return the packages that an image installs with apt-get."""
    texts = [step.text for step in steps(name) if "apt-get install" in step.text]
    words = [word for text in texts for word in text.split("apt-get install")[1].split("&&")[0].split()]
    return [word for word in words if not word.startswith("-")]


def ignored(path: str) -> bool:
    """True if .dockerignore leaves a path of the repository out."""
    patterns = (ROOT / ".dockerignore").read_text("utf-8").split()
    parts = Path(path).parts
    within = {pattern: parts if pattern.startswith("**/") else parts[:1] for pattern in patterns}
    return any(fnmatch(part, pattern.removeprefix("**/")) for pattern, parts in within.items() for part in parts)


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(NAMES))
def containers(names: tuple[str, ...]) -> None:
    """Build the images, or run their steps in a clean environment."""
    builder = next(filter(_runs, BUILDERS), None)
    for name in names or NAMES:
        if builder is not None:
            image = f"iebench-{name}"
            subprocess.run([builder, "build", "-f", containerfile(name), "-t", image, ROOT], check=True)
            subprocess.run([builder, "run", "--rm", image], check=True)
        else:
            with tempfile.TemporaryDirectory() as scratch:
                _emulate(name, Path(scratch))
        click.echo(f"{name}: {'built and run' if builder else 'its steps run in a clean environment'}")


def _runs(builder: str) -> bool:
    return (
        shutil.which(builder) is not None
        and subprocess.run([builder, "info"], check=False, capture_output=True).returncode == 0
    )


def _emulate(name: str, scratch: Path) -> None:
    """Run the steps of an image below a folder, and last its command."""
    (scratch / "bin").mkdir()
    (scratch / "bin" / "python").symlink_to(Path(sys.executable).resolve())
    known = {"PATH": f"{scratch}/bin:/usr/bin:/bin", "HOME": str(scratch), "IEBENCH": f"{scratch}/iebench"}
    known |= {variable: value for variable, value in os.environ.items() if variable.startswith("PIP_")}
    command: list[str] = []
    for step in steps(name):
        click.echo(f"{name}: {step.instruction} {step.text}")
        if step.instruction == "ENV":
            values = {key: _filled(value, known) for key, value in step.environment().items()}
            known |= {key: value for key, value in values.items() if key != "IEBENCH"}
        elif step.instruction == "COPY":
            _, target = (_filled(word, known) for word in shlex.split(step.text))
            for path in _tracked():
                (Path(target) / path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / path, Path(target) / path)
        elif step.instruction == "RUN" and "apt-get" in step.text:
            subprocess.run(["apt-cache", "show", *packages(name)], check=True, capture_output=True)
        elif step.instruction == "RUN" and "useradd" not in step.text:
            subprocess.run(["sh", "-euc", step.text], check=True, env=known, cwd=scratch)
        elif step.instruction in ("ENTRYPOINT", "CMD"):
            command += step.command()
    (scratch / "work").mkdir()
    subprocess.run(command, check=True, env=known, cwd=scratch / "work")


def _filled(text: str, known: dict[str, str]) -> str:
    return re.sub(r"\$(\w+)", lambda match: known[match[1]], text)


def _tracked() -> Iterator[str]:
    """Yield the files that COPY takes: those of the repository without the ignored ones."""
    listing = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    yield from (path for path in listing.splitlines() if not ignored(path))


if __name__ == "__main__":
    containers()
