"""Logs a run to services too: Weights & Biases and trackio, which share the few calls used here.

iebench train --set log.wandb=my-project
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from iebench.manifests.common.causes import refusal
from iebench.manifests.common.patience import ends
from iebench.manifests.common.progress import say
from iebench.manifests.installed.parts import require

from ..errors import RunError

FINISH = 120.0  # seconds that a service has at the end to send its remaining data
OFFLINE = {"wandb": "log in, or work offline with WANDB_MODE=offline", "trackio": "see its documentation"}


@dataclass(frozen=True)
class LogSettings:
    """Services for logging, in addition to the run's own files.

    wandb, trackio : name of the project in the service, "" for no logging
    """

    wandb: str = ""
    trackio: str = ""


class Service(Protocol):
    """A run in a service; the common interface of wandb and trackio."""

    def log(self, values: dict[str, float], step: int) -> Any: ...

    def finish(self) -> Any: ...


class Tracker:
    """A run in a service.

    Errors of the service never stop training: the first is printed, then the service is left out.

    kind : "wandb" or "trackio"
    """

    def __init__(self, kind: str, service: Service) -> None:
        self._kind = kind
        self._service: Service | None = service

    def log(self, values: dict[str, float], step: int) -> None:
        """Log the values of a step."""
        if self._service is not None:
            try:
                self._service.log(values, step=step)
            except Exception as error:  # any error of the service
                self._leave(f"at step {step}", refusal(error))

    def finish(self) -> None:
        """Finish the run in the service."""
        if self._service is not None:
            try:
                if not ends(self._service.finish, FINISH):
                    self._leave("at the end", f"not finished within {FINISH:.0f} s")
            except Exception as error:  # any error of the service
                self._leave("at the end", refusal(error))

    def _leave(self, when: str, why: str) -> None:
        self._service = None
        say(f"iebench: {self._kind} fails {when} ({why}): the run continues without it; its own files are complete")


def open_trackers(run: Path, settings: LogSettings, config: Mapping[str, Any]) -> list[Tracker]:
    """Open the run in each service that the settings name, under its folder's name; a resumed run continues there.

    config : configuration to show in the service

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
            began = service.init(project=project, name=run.name, config=config, resume="allow", **options)
            opened.append(Tracker(kind, began))
        except Exception as error:  # any error of the service
            raise RunError(
                f"{kind} does not start ({refusal(error)}): {OFFLINE[kind]}, or leave out log.{kind}"
            ) from error
    return opened
