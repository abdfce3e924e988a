"""The verb `iebench doctor`: checks this machine and this installation, and says what to do."""

import itertools
from collections import Counter
from pathlib import Path

import click

from ..errors import UsageError
from ..shell.answers import answers, print_json
from ..shell.cli import SETTINGS, examples
from ..text.plain_text import cleaned
from .finding import MEND
from .machine import machine
from .packages import packages
from .parts import parts


@click.command(
    context_settings=SETTINGS,
    epilog=examples(
        "iebench doctor", "iebench doctor /scratch/data", "iebench doctor > doctor.txt   # for a report of a bug"
    ),
)
@click.argument("folder", type=click.Path(path_type=Path), default=Path())
@answers(json=True)
def doctor(folder: Path, as_json: bool) -> int:
    """Check this machine and installation: each line says ok or what to do.

    The checks cover versions, cores, memory, GPUs, open files, and the disk of FOLDER (default: this folder). The
    installed parts of iebench are also tried: one image of 64 pixels is rendered, and one training step is taken.

    A line begins with ok, hint (it works, and could do more) or mend (it does not work). The exit code is 1 if any
    line begins with mend.
    """
    if not folder.is_dir():
        raise UsageError(f"there is no folder {folder}: make it, or name another one")
    states, findings = Counter[str](), itertools.chain(packages(), machine(folder), parts())
    if as_json:
        listed = list(findings)
        print_json([vars(finding) for finding in listed])
        return int(any(finding.state == MEND for finding in listed))
    for finding in findings:
        click.echo(f"{finding.state:5} {finding.title:14} {cleaned(finding.text)}")
        states[finding.state] += 1
    if states[MEND]:
        click.echo(
            f"iebench: {states[MEND]} of {states.total()} checks failed: do what the lines with `mend` say", err=True
        )
    return int(states[MEND] > 0)
