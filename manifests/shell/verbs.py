"""The verbs of `iebench`. Listing them imports none; a verb is imported when it is called."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import click
from click.shell_completion import CompletionItem

from ..errors import UsageError, suggest
from ..installed.parts import command, missing_extras
from ..installed.registry import Registry

EMPTY = re.compile(r"--[\w-]+=")  # an option with "=" and no value


def _fault(command: Any) -> str:
    return "" if isinstance(command, click.Command) else "is not a click command"


@dataclass(frozen=True)
class Verb:
    """An entry in the list of verbs.

    summary : first sentence of the verb's help; needs : required modules that an extra installs
    """

    summary: str
    needs: tuple[str, ...] = ()


VERBS = {  # in the order of use
    "render": Verb("Render a dataset with Blender: tar shards and Parquet latents", ("trimesh",)),
    "import": Verb("Convert a published dataset into iebench's format and check it", ("trimesh",)),
    "export": Verb("Write a dataset in the folder layout of the published 3DIEBench"),
    "verify": Verb("Check every byte of a dataset: files, tables, pictures, latents"),
    "inspect": Verb("Show a dataset as PNG files and an HTML page: views, laws, objects", ("matplotlib",)),
    "view": Verb("Show one sample with its latents, as text and as a PNG", ("matplotlib",)),
    "card": Verb("Write a dataset's README.md, croissant.json and SHA256SUMS again"),
    "symmetry": Verb("Find the rotational symmetries of a dataset's objects", ("trimesh",)),
    "methods": Verb("List methods and variants: needs, parts, size and cost of each", ("torch",)),
    "train": Verb("Train an encoder on a dataset's train split", ("torch",)),
    "runs": Verb("List runs with their status, last loss and scores", ("torch",)),
    "sweep": Verb("Train and score methods x settings x seeds, and write a table", ("torch",)),
    "convert": Verb("Convert a released checkpoint to an encoder that can be scored", ("torch",)),
    "score": Verb("Score an encoder for invariance and equivariance", ("torch",)),
    "orbits": Verb("Measure how features change while one factor is swept", ("torch",)),
    "compare": Verb("Compare two encoders: similarity, factors, heads of one on the other", ("torch",)),
    "validate": Verb("Check that score files may go on a leaderboard"),
    "leaderboard": Verb("Compare scores of one dataset and one protocol"),
    "report": Verb("Write scores as one HTML page: table, charts, pictures, curves"),
    "push": Verb("Push a dataset, a run, scores or a page to the Hugging Face Hub", ("huggingface_hub",)),
    "pull": Verb("Pull a dataset, a run, scores or a page from the Hugging Face Hub", ("huggingface_hub",)),
    "demo": Verb("Render, train, score and report on a small scale: the whole path", ("trimesh", "torch")),
    "doctor": Verb("Check this machine and installation: each line says ok or what to do"),
    "completion": Verb("Print the script that completes `iebench` in a shell"),
}  # fmt: skip
COMMANDS: Registry[click.Command] = Registry("command", "iebench.commands", fault=_fault, order=VERBS)


class Verbs(click.Group):
    """A click group whose commands are imported only when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the verbs: iebench's own in the order of use, then those of other packages."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of a verb; imports its module."""
        if cmd_name in COMMANDS:
            return COMMANDS[cmd_name]
        if ctx.resilient_parsing:
            return None
        ctx.fail(f"no such command {cmd_name!r}; {suggest(cmd_name, self.list_commands(ctx))}")

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read `help VERB` as `VERB --help`, and no arguments as `--help`.

        Raises
        ------
        UsageError : an argument is empty; as a path it would mean the current folder, as a name the default one.
        """
        if (not args or args[0] == "help") and not ctx.resilient_parsing:  # resilient: a shell completes
            args = [*args[1:2], "--help"]
        for before, word in zip(["iebench", *args], args, strict=False):
            if (not word or EMPTY.fullmatch(word)) and not ctx.resilient_parsing:
                option = word.rstrip("=") or before
                raise UsageError(f"the value after {option} is empty, perhaps an unset shell variable: give one")
        return super().parse_args(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of verbs; verbs that lack an extra are listed apart, under the command that installs it."""
        sections: dict[str, list[tuple[str, str]]] = {"Commands": []}
        for name, summary, missing in self._listed(ctx):
            title = " and ".join(map(command, missing))
            sections.setdefault(f"Commands that need {title}" if missing else "Commands", []).append((name, summary))
        for title, rows in sections.items():
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Return the verbs, and options of `iebench` itself, that begin with the typed text."""
        verbs = [
            CompletionItem(name, help=about) for name, about, _ in self._listed(ctx) if name.startswith(incomplete)
        ]
        return verbs + click.Command.shell_complete(self, ctx, incomplete)

    def _listed(self, ctx: click.Context) -> Iterator[tuple[str, str, tuple[str, ...]]]:
        """Yield each verb with its summary and its missing extras."""
        for name in self.list_commands(ctx):
            verb = VERBS[name] if name in VERBS else Verb(f"(of another package: {COMMANDS.origin(name)})")
            yield name, verb.summary, missing_extras(verb.needs)
