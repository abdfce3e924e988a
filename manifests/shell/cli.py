"""The `iebench` command: runs a verb and turns its errors into one sentence and an exit code.

iebench render --classes 55
iebench train --method sie
iebench score
"""

import errno
import io
import signal
import sys
from collections.abc import Callable, Iterable
from importlib.metadata import version
from typing import NoReturn

import click

from ..brief import LONGEST, cut
from ..common.causes import fault
from ..common.patience import end_now
from ..errors import IebenchError, MissingPart, UsageError
from ..installed import plugins
from ..installed.parts import EXTRA_OF, missing_part
from ..text.plain_text import cleaned
from .terminal import harden, undecoded
from .verbs import Verbs

AGAIN = 75  # exit code that asks the queue to start the job again

SETTINGS = {"help_option_names": ["-h", "--help"], "show_default": True, "max_content_width": 110}


def examples(*lines: str) -> str:
    """Return the epilog of a help text: example commands, one per line."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


def pairs(option: str, entries: Iterable[str]) -> dict[str, str]:
    """Return the entries of a repeatable option KEY=VALUE as a dictionary.

    >>> pairs("--slurm", ["partition=long", "time=90"])
    {'partition': 'long', 'time': '90'}

    Raises
    ------
    UsageError : an entry has no value.
    """
    split = {entry: entry.partition("=") for entry in entries}
    for entry, (_, equals, _) in split.items():
        if not equals:
            raise UsageError(f"{option} {entry} has no value: write it as {option} KEY=VALUE")
    return {key: value for key, _, value in split.values()}


@click.group(
    cls=Verbs,
    context_settings=SETTINGS,
    epilog=examples("iebench demo", "iebench render --classes 55", "iebench train --method sie", "iebench score"),
)
@click.version_option(version("iebench"), prog_name="iebench")
def iebench() -> None:
    """Render a controlled dataset of 3D objects, train on it, and score encoders for invariance and equivariance."""


def main(arguments: list[str] | None = None) -> None:
    """Run a command line; turn every expected error into one sentence and an exit code (0, 1, 2 or 3)."""
    guarded(lambda: iebench(arguments, prog_name="iebench", standalone_mode=False))


def guarded(work: Callable[[], object]) -> NoReturn:
    """Call `work` and exit with its result, or print one sentence for its error and exit with the error's code."""
    harden()
    try:
        _exit(work)
    except SystemExit as end:
        end_now(end.code)
        raise


def _exit(work: Callable[[], object]) -> NoReturn:
    try:
        sys.exit(work() or 0)  # type: ignore[arg-type]
    except IebenchError as error:
        if error.exit_code == AGAIN:
            for number in (signal.SIGTERM, signal.SIGUSR1):  # the queue may signal again while Python exits
                signal.signal(number, signal.SIG_IGN)
        _stop(str(error), error.exit_code)
    except ModuleNotFoundError as error:
        module = (error.name or "").partition(".")[0]
        if module not in EXTRA_OF:
            raise
        _stop(str(missing_part(module)), MissingPart.exit_code)
    except click.ClickException as error:
        shown = io.StringIO()
        error.show(shown)
        click.echo(cut(cleaned(shown.getvalue(), lines=True), LONGEST), err=True, nl=False)
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt) as error:
        if isinstance(error.__cause__, EOFError):  # from a truncated file; click expects it from the keyboard only
            _unforeseen(error.__cause__)
        _stop("interrupted; the same command continues where it stopped, train with --resume", 130)
    except UnicodeEncodeError as error:
        if not undecoded(str(error.object)):
            raise
        name = ascii(error.object[max(0, error.start - 40) : error.end + 40])
        _stop(f"a name holds bytes that are not text ({name}): rename it, or set PYTHONUTF8=1 if it is in UTF-8", 1)
    except Exception as error:
        _unforeseen(error)


def _unforeseen(error: Exception) -> NoReturn:
    """Exit with one sentence for an error of the machine or of another package; raise other errors again."""
    if isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG:
        _stop(f"no file can have the name {cut(str(error.filename))}: give a shorter one", UsageError.exit_code)
    message = plugins.blamed(error) or (fault(error) if isinstance(error, OSError) else "")
    if not message:
        raise error  # a bug in iebench: its developers need the traceback
    _stop(message, 1)


def _stop(message: str, code: int) -> NoReturn:
    click.echo(f"iebench: {cut(cleaned(message, lines=True), LONGEST)}", err=True)
    sys.exit(code)


if __name__ == "__main__":
    main()
