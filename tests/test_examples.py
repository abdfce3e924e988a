"""Every verb and option in commands shown on pages and in help exists."""

import re
import shlex

import click
import pytest
from paths import ROOT

from iebench.manifests.shell.cli import iebench
from iebench.manifests.shell.verbs import VERBS

PAGES = [ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md")), *sorted(ROOT.glob("*/README.md"))]
END = re.compile(r"\s(#|&&|\|\||\||;|>)\s.*|\s+[\\&]$")


def commands(text):
    """Return every `iebench ...` in a text that stands on a line of code, or in backquotes with more than a verb."""
    for block in re.findall(r"^```[a-z]*\n(.*?)^```", text, re.M | re.S):
        lines = re.findall(r"^[$ ]*(?:exec |srun )?(iebench .+)$", block.replace("\\\n", " "), re.M)
        yield from lines if "─>" not in block else []  # a drawing of the data flow
    yield from re.findall(r"`(iebench [a-z]+ [^`\n]+)`", text)


def parsed(line):
    """Parse a command line as `iebench` does, without running it; words in capitals are placeholders."""
    words = shlex.split(END.sub("", line), comments=True)[1:]
    context = click.Context(iebench)
    if words[0].startswith("-") or words[0].isupper():
        return
    command = iebench.get_command(context, words[0])
    assert command is not None, line
    arguments = [word for word in words[1:] if word not in ("...", "…")]
    try:
        command.make_context(words[0], arguments, parent=context)
    except (click.exceptions.Exit, click.MissingParameter):  # --help, or a command that a text names without arguments
        return
    except click.BadOptionUsage as error:  # or an option that a text names without a value
        assert error.option_name == words[-1], line


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_of_the_pages_exist(page):
    for line in commands(page.read_text(encoding="utf-8")):
        try:
            parsed(line)
        except click.UsageError as error:
            pytest.fail(f"{line}: {error.format_message()}")


@pytest.mark.parametrize("verb", VERBS)
def test_examples_of_the_help_exist(verb):
    command = iebench.get_command(click.Context(iebench), verb)
    lines = [line.strip() for line in command.epilog.splitlines() if line.strip().startswith("iebench ")]
    assert len(lines) in (3, 4)
    for line in lines:
        for part in line.split(" && "):
            if part.startswith("iebench"):
                parsed(part)
