"""A run's log in services beside its own files: Weights & Biases and trackio, which share the few calls used here.

iebench train --set log.wandb=my-project
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from iebench.manifests.common.cli import require

from .errors import RunError

OFFLINE = {"wandb": "log in, or work offline with WANDB_MODE=offline", "trackio": "see its documentation"}


@dataclass(frozen=True)
class LogSettings:
    """Where else a run is logged; its own files are always there.

    wandb, trackio : the project there, "" for none
    """

    wandb: str = ""
    trackio: str = ""


class Tracker(Protocol):
    """A run in a service."""

    def log(self, values: dict[str, float], step: int) -> Any: ...

    def finish(self) -> Any: ...


def open_trackers(run: Path, settings: LogSettings, config: Mapping[str, Any]) -> list[Tracker]:
    """The run in each service that the settings name, called after its folder; a resumed one goes on there.

    config : shown there

    Raises
    ------
    MissingPart : the package is not installed.
    RunError : the service does not start.
    """
    identity = hashlib.sha256(str(run.resolve()).encode()).hexdigest()[:12]
    own = {"wandb": {"id": f"{run.name}-{identity}", "dir": str(run)}, "trackio": {}}
    opened: list[Tracker] = []
    for kind, options in own.items():
        project = getattr(settings, kind)
        if not project:
            continue
        require(kind)
        try:
            service = import_module(kind)
            opened.append(service.init(project=project, name=run.name, config=config, resume="allow", **options))
        except Exception as error:  # whatever the service raises
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise RunError(f"{kind} does not start ({reason}): {OFFLINE[kind]}, or leave out log.{kind}") from error
    return opened
