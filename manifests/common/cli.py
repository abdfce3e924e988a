"""The `iebench` command: finds its verbs through entry points, so that each can be installed without the others.

iebench render --classes 55
iebench train --method sie
iebench score
"""

import signal
import sys
from collections.abc import Callable, Iterable
from importlib.metadata import EntryPoint, entry_points, version
from importlib.util import find_spec
from typing import NoReturn

import click

from ..errors import IebenchError, MissingPart, UsageError, suggest

# Which extra brings a module that a verb may lack.
AGAIN = 75  # the exit code that asks a queue for another start
EXTRA_OF = {
    "bpy": "render", "trimesh": "render", "pebble": "render", "OpenEXR": "render", "matplotlib": "render",
    "ray": "ray", "submitit": "slurm", "fsspec": "cloud", "huggingface_hub": "cloud",
    "timm": "timm", "torchvision": "torchvision", "transformers": "hf",
    "torch": "train", "simplejpeg": "train", "safetensors": "train", "tensorboard": "train",
    "wandb": "wandb", "trackio": "trackio",
}  # fmt: skip
BLENDER_PYTHONS = ("3.11", "3.13")
# the order of work; others follow
ORDER = [
    "render", "import", "verify", "inspect", "view", "card", "symmetry", "methods", "train", "sweep", "convert",
    "score", "orbits", "validate", "leaderboard", "report", "demo",
]  # fmt: skip

SETTINGS = {"help_option_names": ["-h", "--help"], "show_default": True, "max_content_width": 110}


def examples(*lines: str) -> str:
    """An epilog of commands to copy, one a line."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


def pairs(option: str, entries: Iterable[str]) -> dict[str, str]:
    """What a repeatable option KEY=VALUE was given.

    >>> pairs("--slurm", ["partition=long", "time=90"])
    {'partition': 'long', 'time': '90'}

    Raises
    ------
    UsageError : an entry without a value.
    """
    split = {entry: entry.partition("=") for entry in entries}
    for entry, (_, equals, _) in split.items():
        if not equals:
            raise UsageError(f"{option} {entry} has no value: write it as {option} KEY=VALUE")
    return {key: value for key, _, value in split.values()}


class Verbs(click.Group):
    """A click group whose commands are loaded only when they are called."""

    def _points(self) -> dict[str, EntryPoint]:
        found = {point.name: point for point in entry_points(group="iebench.commands")}
        return {name: found[name] for name in sorted(found, key=lambda n: (n not in ORDER, [*ORDER, n].index(n), n))}

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self._points())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        point = self._points().get(cmd_name)
        if point is None:
            ctx.fail(f"no such command {cmd_name!r}; {suggest(cmd_name, self._points())}")
        command: click.Command = point.load()
        return command


@click.group(
    cls=Verbs,
    context_settings=SETTINGS,
    epilog=examples("iebench demo", "iebench render --classes 55", "iebench train --method sie", "iebench score"),
)
@click.version_option(version("iebench"), prog_name="iebench")
def iebench() -> None:
    """Render a controlled dataset of 3D objects, train on it, and score encoders for invariance and equivariance."""


def main(arguments: list[str] | None = None) -> None:
    """Run a command line; turns every expected error into one sentence and an exit code (0, 1, 2 or 3)."""
    guarded(lambda: iebench(arguments, standalone_mode=False))


def guarded(work: Callable[[], object]) -> NoReturn:
    """Do some work and exit, by its result or, after one sentence, by its error: what `main` does with a command."""
    try:
        sys.exit(work() or 0)  # type: ignore[arg-type]
    except IebenchError as error:
        if error.exit_code == AGAIN:
            for number in (signal.SIGTERM, signal.SIGUSR1):  # a queue may ask more than once, while Python ends, too
                signal.signal(number, signal.SIG_IGN)
        _stop(str(error), error.exit_code)
    except ModuleNotFoundError as error:
        module = (error.name or "").partition(".")[0]
        if module not in EXTRA_OF:
            raise
        _stop(str(missing_part(module)), MissingPart.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        _stop("interrupted; the same command goes on where it stopped, train with --resume", 130)


def missing_part(module: str, cause: Exception | None = None) -> MissingPart:
    """The sentence for a module that an extra would have brought, or that could not be loaded because of `cause`."""
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    if cause is not None:  # the module is there, but the system lacks a library
        return MissingPart(f"{module} cannot be loaded ({cause}): install that system library, or run `make setup`")
    if module == "bpy" and python not in BLENDER_PYTHONS:
        known = " and ".join(BLENDER_PYTHONS)
        return MissingPart(f"Blender comes as bpy for Python {known} and this is Python {python}: use one of those")
    extra = f"pip install 'iebench[{EXTRA_OF[module]}]'" if module in EXTRA_OF else f"install {module}"
    return MissingPart(f"this command needs {module}: {extra}")


def require(module: str) -> None:
    """Make sure that an optional module is installed, without importing it.

    Raises
    ------
    MissingPart : it is not; the message says how to get it.
    """
    if find_spec(module) is None:
        raise missing_part(module)


def _stop(message: str, code: int) -> NoReturn:
    click.echo(f"iebench: {message}", err=True)
    sys.exit(code)


if __name__ == "__main__":
    main()
