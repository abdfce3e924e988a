"""Runs the whole path, then each optional part, on the oldest versions that pyproject.toml allows: before a release.

python tests/by_hand/minimum.py .venv-minimum
python tests/by_hand/minimum.py .venv-minimum --keep --part ray --part cloud

Makes a new environment, which takes minutes and gigabytes; --keep uses the existing one. Each part is installed into it
just before its use, so that parts which want different versions of a package do not meet. Without faults it prints
nothing but commands and ends with exit code 0.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterable
from pathlib import Path

import click
from installs import environment
from packages import built
from packaging.requirements import Requirement
from packaging.version import Version
from partial import MISSING, faults, hidden, material
from paths import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
EXTRAS = ("render", "train")
SMALL = "batch=4 resolution=16 encoder.width=0.125 encoder.stem=small method.projector=[16,16] log_every=1"
TRAIN = ["--data", "data", "--device", "cpu", *(f"--set={text}" for text in (*SMALL.split(), "checkpoint_every=2"))]
STEPS = 12
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}  # the networks are small, and the machine may be busy
EXPORT = """
import torch
pool = torch.nn.Sequential(torch.nn.AdaptiveAvgPool2d(4), torch.nn.Flatten()).eval()
torch.jit.script(pool).save("pool.pt")
images, batch = torch.zeros(2, 3, 32, 32), torch.export.Dim.DYNAMIC
torch.export.save(torch.export.export(pool, (images,), dynamic_shapes=({0: batch},)), "pool.pt2")
"""
LOGGED = ("-m", "iebench", "train", *TRAIN, "--set=steps=3", "--name")
USES: dict[str, tuple[str, ...]] = {
    "torchvision": ("tests/benchmark/encoders/test_zoos.py", "-k", "torchvision"),
    "timm": ("tests/benchmark/encoders/test_zoos.py", "tests/benchmark/encoders/test_timm.py", "-k", "timm"),
    "open_clip": ("tests/benchmark/encoders/test_open_clip.py",),
    "hf": ("tests/benchmark/encoders/test_huggingface.py",),
    "onnx": ("tests/benchmark/encoders/files/test_onnx.py",),
    "ray": ("tests/renderer/engines/test_ray.py",),
    "slurm": ("tests/renderer/engines/test_slurm.py", "tests/manifests/shell/test_slurm.py"),
    "cloud": ("tests/renderer/output/test_cloud.py",),
    "wandb": (*LOGGED, "wandb", "--set=log.wandb=minimum"),
    "trackio": (*LOGGED, "trackio", "--set=log.trackio=minimum"),
}
"""Extra -> the smallest real use of its packages: tests, or the arguments of Python in the folder of the whole path."""
CLOUDS = ("s3fs[boto3]", "moto[server]>=5", "gcp-storage-emulator")  # with boto3 named, pip finds versions that agree
HELPERS: dict[str, tuple[str, ...]] = {"cloud": CLOUDS, "onnx": ("onnx>=1.17",)}
"""Extra -> packages that its tests need besides pytest."""
PYTEST = (
    "-m",
    "pytest",
    "-o",
    "addopts=--import-mode=importlib",
    "-o",
    "filterwarnings=default",
    "-p",
    "no:cacheprovider",
)


def requirements(extras: Iterable[str] = EXTRAS) -> list[Requirement]:
    """Return the dependencies of the package and of some extras that apply to this Python."""
    return [*_applying(PROJECT["dependencies"]), *(requirement for extra in extras for requirement in own(extra))]


def own(extra: str) -> list[Requirement]:
    """Return the dependencies of an extra alone that apply to this Python."""
    return _applying(PROJECT["optional-dependencies"][extra])


def _applying(lines: Iterable[str]) -> list[Requirement]:
    needed = map(Requirement, lines)
    return [requirement for requirement in needed if requirement.marker is None or requirement.marker.evaluate()]


def lowest(needed: Iterable[Requirement]) -> dict[str, str]:
    """Return the oldest version that all requirements of a package allow, by the package's name.

    >>> lowest([Requirement("a>=1,<3"), Requirement("b[c]>=4"), Requirement("a>=1.2")])
    {'a': '1.2', 'b': '4'}

    Raises
    ------
    ValueError : a package without a lower bound.
    """
    bounds: dict[str, list[str]] = {}
    for requirement in needed:
        bounds.setdefault(requirement.name, []).extend(
            limit.version for limit in requirement.specifier if limit.operator == ">="
        )
    if free := [name for name, versions in bounds.items() if not versions]:
        raise ValueError(f"pyproject.toml promises any version of {', '.join(free)}: give it a lower bound")
    return {name: max(versions, key=Version) for name, versions in bounds.items()}


def walk(python: Path, folder: Path) -> None:
    """Render, inspect, verify, train, resume, score, rank and report in a folder, with an environment's `iebench`.

    Raises
    ------
    subprocess.CalledProcessError : a command failed.
    AssertionError : a killed and resumed training ended in another state than an uninterrupted one.
    """

    def run(*arguments: str) -> None:
        click.echo(f"$ {' '.join(arguments)}"[:110])
        subprocess.run([python, *arguments], cwd=folder, check=True, env=ENVIRONMENT)

    def iebench(verb: str, *arguments: str) -> None:
        run("-m", "iebench", verb, *arguments)

    size = ["--classes", "6", "--objects-per-class", "5", "--views", "6", "--resolution", "32"]
    iebench("render", "--out", "data", *size)
    iebench("verify", "data")
    iebench("inspect", "data")
    iebench("card", "data")
    whole = [*TRAIN, f"--set=steps={STEPS}"]
    iebench("train", *whole, "--name", "whole")
    _kill_training([str(python), "-m", "iebench", "train", *whole, "--name", "killed"], folder / "runs" / "killed")
    iebench("train", *whole, "--name", "killed", "--resume")
    weights = [(folder / "runs" / name / "model.safetensors").read_bytes() for name in ("whole", "killed")]
    assert weights[0] == weights[1], "a training that was killed ended with other weights"
    ranks = ["-m", "torch.distributed.run", "--nproc-per-node", "2", "-m", "iebench", "train"]
    run(*ranks, *whole, "--name", "ranks")
    run("-c", EXPORT)
    scores = []
    for name, encoder in {
        "whole": ["--run", "runs/whole"],
        "exported": ["--encoder", "pool.pt2"],
        "scripted": ["--encoder", "pool.pt", "--trust"],
    }.items():
        scores.append(f"{name}.json")
        iebench("score", *encoder, "--data", "data", "--device", "cpu", "--out", scores[-1])
    iebench("validate", *scores)
    iebench("leaderboard", *scores)
    iebench("report", *scores, "--data", "data")
    iebench("methods")


def use(python: Path, part: str, wheel: Path, folder: Path) -> None:
    """Install an optional part at its oldest versions into an environment, and use it.

    wheel : of iebench; folder : of the whole path

    Raises
    ------
    subprocess.CalledProcessError : it cannot be installed, or a use of it failed.
    """
    pins = folder / f"{part}.txt"
    pins.write_text(_pins(own(part)))  # the others are there; a part may need newer ones of them
    packages = (f"{wheel}[{part}]", "pytest>=8", *HELPERS.get(part, ()))
    subprocess.run([python, "-m", "pip", "install", "-q", "-c", pins, *packages], check=True)
    arguments, where = (USES[part], folder) if USES[part][0] == "-m" else ((*PYTEST, *USES[part]), ROOT)
    click.echo(f"$ {' '.join(arguments)}"[:110])
    offline = {"WANDB_MODE": "offline", "TRACKIO_DIR": str(folder / "trackio")}
    subprocess.run([python, *arguments], cwd=where, check=True, env={**ENVIRONMENT, **offline})


def _pins(needed: Iterable[Requirement]) -> str:
    """Return the lines of a pip constraint file for the oldest versions that some requirements allow."""
    return "".join(f"{name}=={version}\n" for name, version in lowest(needed).items())


def _kill_training(command: list[str], run: Path) -> None:
    """Start a training and kill it after some steps, before its end."""
    process, log = subprocess.Popen(command, cwd=run.parent.parent, env=ENVIRONMENT), run / "metrics.jsonl"
    until = time.monotonic() + 300
    while not (log.exists() and len(log.read_text().splitlines()) > STEPS // 3):
        assert process.poll() is None and time.monotonic() < until, "it did not get to be killed"
        time.sleep(0.005)
    process.kill()
    assert process.wait() == -signal.SIGKILL, "it ended before it was killed"


@click.command()
@click.argument("venv", type=click.Path(path_type=Path))
@click.option("--keep", is_flag=True, help="Run in the environment that is there, with iebench as it is now.")
@click.option(
    "--part", "parts", multiple=True, type=click.Choice([*USES]), default=[*USES], show_default="all",
    help="Use only this extra; may be repeated.",
)  # fmt: skip
def minimum(venv: Path, keep: bool, parts: tuple[str, ...]) -> None:
    """Install the oldest versions that pyproject.toml allows in VENV, and run the whole path on them."""
    with tempfile.TemporaryDirectory() as scratch:
        work, python = Path(scratch), venv.absolute() / "bin" / "python"
        wheel = built(work)
        if not keep:
            pins = work / "minimum.txt"
            pins.write_text(_pins(requirements()))
            click.echo(pins.read_text(), nl=False)
            environment(venv, f"{wheel}[{','.join(EXTRAS)}]", pins)
        else:  # pip would leave another iebench of the same version as it is
            subprocess.run([python, "-m", "pip", "install", "-q", "--no-deps", "--force-reinstall", wheel], check=True)
        words, wrong = material(work), False
        for install in MISSING:
            (work / install).mkdir()
            for fault in faults([str(python)], install, hidden(install), work / install, words):
                click.echo(fault, err=True)
                wrong = True
        (work / "path").mkdir()
        walk(python, work / "path")
        for part in parts:
            use(python, part, wheel, work / "path")
    sys.exit(wrong)


if __name__ == "__main__":
    minimum()
