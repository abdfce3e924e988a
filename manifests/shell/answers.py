"""Options that every verb has in the same form: --quiet, --json, --dry-run; and what --json and --dry-run print."""

import json
import math
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

import click

from ..common.progress import QUIET, duration
from ..common.space import free_bytes, size
from ..text.plain_text import cleaned

F = TypeVar("F", bound=Callable[..., Any])


def _hush(context: click.Context, parameter: click.Parameter, value: bool) -> None:
    """Set the variable that silences progress, for this process and those that it starts, until the command ends."""
    if value and not os.environ.get(QUIET):
        os.environ[QUIET] = "1"
        context.call_on_close(lambda: os.environ.pop(QUIET, None))


def answers(json: bool = False, dry_run: bool = False) -> Callable[[F], F]:
    """Decorate a verb with --quiet; on request with --json, parameter `as_json`, and --dry-run, `dry_run`."""

    def decorated(command: F) -> F:
        options = [
            click.option(
                "--quiet", "-q", is_flag=True, expose_value=False, callback=_hush,
                help="Print no progress, only results, warnings and errors.",
            )
        ]  # fmt: skip
        if json:
            options.append(click.option("--json", "as_json", is_flag=True, help="Print the result as JSON."))
        if dry_run:
            options.append(
                click.option(
                    "--dry-run", is_flag=True,
                    help="Print what would be read and written, and the time, memory and disk that it takes; and stop.",
                )
            )  # fmt: skip
        for option in options:
            command = option(command)
        return command

    return decorated


@dataclass(frozen=True)
class Forecast:
    """Estimate of a command's work before it begins.

    reads, writes : files and folders; work : a sentence about the amount
    seconds : expected time on this machine; basis : the measurement that it rests on, as a noun phrase
    memory, disk : bytes; None for what is not known before it is tried
    folder : what is written lies on the disk of this folder
    """

    reads: list[str]
    writes: list[str]
    work: str
    folder: Path = field(default_factory=Path)
    seconds: float | None = None
    basis: str = ""
    memory: int | None = None
    disk: int | None = None

    def show(self, as_json: bool = False, more: Mapping[str, Any] = MappingProxyType({})) -> None:
        """Print the forecast; warns if the disk has less space than is needed. more : further entries for JSON"""
        free = free_bytes(self.folder)
        if as_json:
            table = {name: value for name, value in vars(self).items() if name != "folder"}
            print_json({"dry_run": True, **table, "free": free, **more})
        else:
            time = None if self.seconds is None else f"about {duration(self.seconds)}"
            if time and self.basis:
                time += f", by {self.basis}"
            entries = {
                "reads": ", ".join(self.reads), "writes": ", ".join(self.writes), "work": self.work, "time": time,
                "memory": None if self.memory is None else f"about {size(self.memory)}",
                "disk": None if self.disk is None else f"about {size(self.disk)}, {size(free)} are free",
            }  # fmt: skip
            for name, text in entries.items():
                if text:
                    click.echo(f"{name:7} {cleaned(text)}")
        if self.disk is not None and self.disk > free:
            click.echo(f"iebench: {self.folder}: its disk has {size(free)}, less than that: free some", err=True)


def reply(as_json: bool, table: Mapping[str, Any], lines: Iterable[str]) -> None:
    """Print the result of a verb: as JSON, or as lines for a reader."""
    if as_json:
        print_json(table)
        return
    for line in lines:
        click.echo(cleaned(line, lines=True))


def print_json(table: Any) -> None:
    """Print a table as JSON: paths as texts, and numbers that are not finite as null."""
    click.echo(json.dumps(_plain(table), indent=1))


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return str(value) if isinstance(value, Path) else value
