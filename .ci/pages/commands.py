"""Pages of the commands: what `iebench VERB --help` prints, one page a verb."""

import inspect
from collections.abc import Iterator

import click

from iebench.manifests.shell.cli import iebench
from iebench.manifests.shell.verbs import VERBS

from .markdown import code, page, plain, table

FOLDER = "reference/commands"
SHARED = ("--quiet", "--json", "--dry-run")


def pages() -> dict[str, str]:
    """Return path -> Markdown: an index, and a page for each verb of iebench."""
    texts = {f"{FOLDER}/{name}.md": verb_page(name) for name in VERBS}
    return {f"{FOLDER}/index.md": index(), **texts}


def index() -> str:
    """Return the list of verbs, and the exit codes that all of them share."""
    rows = [(f"[`{name}`]({name}.md)", plain(verb.summary)) for name, verb in VERBS.items()]
    return page(
        "Commands",
        "`iebench VERB --help` prints the same as these pages; `python -m iebench` is the same command.",
        '```\niebench --help\niebench render --help\neval "$(iebench completion bash)"   # also zsh, fish\n```',
        table(("command", "purpose"), rows),
        "Every command can be interrupted and called again. `--quiet` prints no progress, `--json` the result as "
        "JSON, and `--dry-run` prints what a command would read, write and need, and stops.",
        table(("command", *SHARED), shared_options()),
        table(
            ("exit code", "meaning"),
            (
                ("0", "finished"),
                ("1", "failed; the last line says why"),
                ("2", "wrong usage"),
                ("3", "finished, with failures that a file lists"),
                ("4", "another process trains this run"),
                ("75", "stopped by the queue; start it again"),
                ("130", "Ctrl-C"),
            ),
        ),
    )


def shared_options() -> list[tuple[str, ...]]:
    """Return a row for each verb: whether it has each option of SHARED."""
    commands = {name: iebench.get_command(click.Context(iebench), name) for name in VERBS}
    options = {
        name: [option for p in command.params for option in p.opts] for name, command in commands.items() if command
    }
    return [(f"`{name}`", *("x" if option in own else "" for option in SHARED)) for name, own in options.items()]


def verb_page(name: str) -> str:
    """Return the page of a verb: usage, description, examples, options."""
    parent = click.Context(iebench, info_name="iebench")
    command = iebench.get_command(parent, name)
    assert command is not None, f"{name}: not installed; pip install -e '.[docs]' again"
    context = click.Context(command, info_name=name, parent=parent, **command.context_settings)
    usage = " ".join(context.command.get_usage(context).removeprefix("Usage: ").split())
    examples = inspect.cleandoc(command.epilog or "").removeprefix("\b\nExamples:\n")
    records = [(parameter, parameter.get_help_record(context)) for parameter in command.get_params(context)]
    rows = [(option(record[0]), plain(" ".join(record[1].split()))) for _, record in records if record]
    return page(
        f"iebench {name}",
        f"```\n{usage}\n```",
        *paragraphs(command.help or ""),
        "**Examples**",
        f"```\n{inspect.cleandoc(examples)}\n```",
        "**Options**",
        table(("option", "meaning"), rows),
    )


def option(names: str) -> str:
    """Return an option's spellings as code, its value included."""
    return ", ".join(code(name) for name in names.split(", "))


def paragraphs(text: str) -> Iterator[str]:
    """Yield the paragraphs of a help text; a paragraph that click leaves as it is becomes a block of code."""
    for block in inspect.cleandoc(text).split("\n\n"):
        lines = block.strip("\n")
        yield f"```\n{lines[2:]}\n```" if lines.startswith("\b\n") else plain(" ".join(lines.split()))
