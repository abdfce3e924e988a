"""Errors of training and scoring; they extend the tree of `iebench.manifests.errors`.

IebenchError
├── RunError                 a run folder that cannot be used as it is
│   ├── RunExists            it holds a run already, or one with other settings (says which differ)
│   ├── RunHeld              exit code 4: another process trains it now
│   ├── Diverged             the loss is no longer a finite number
│   └── Collapsed            embeddings no longer depend on the image
├── RankFailed               an error of another rank, raised by the first one
├── Stopped                  exit code 130: stopped by Ctrl-C; the state is saved and the same run can go on
│   └── Requeue              exit code 75: stopped by SIGTERM or SIGUSR1, as queues send before they end a job
├── HubError                 a repository of the Hugging Face Hub that cannot be read or written
├── ConversionError          an external checkpoint that cannot be converted, or a converted one that is damaged
└── ScoringError             an object that cannot be scored or compared
        ├── EncoderError         an encoder that does not exist, fails, or returns invalid output
        ├── ProbeError           a probe of another package that cannot be used
    ├── ScoreFileError       a score.json that is missing, damaged or of another format
    └── NotComparable        scores of different protocols, datasets or smoke runs in one table
"""

from iebench.manifests.common.causes import short
from iebench.manifests.errors import (
    DatasetError,
    IebenchError,
    InvalidValue,
    MissingPart,
    SettingError,
    UnknownName,
    UsageError,
)

# --- training -----------------------------------------------------------------------------------------------


class RunError(IebenchError):
    """A run folder that cannot be used as it is."""


class RunExists(RunError):
    """The run folder holds a run already."""


class RunHeld(RunError):
    """Another process trains the run now."""

    exit_code = 4


class Diverged(RunError):
    """The loss is no longer a finite number."""


class Collapsed(RunError):
    """Embeddings no longer depend on the image."""


class RankFailed(IebenchError):
    """Another rank failed."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class Stopped(IebenchError):
    """Training was asked to stop (Ctrl-C) and saved its state first."""

    exit_code = 130


class Requeue(Stopped):
    """Training was asked to stop by SIGTERM or SIGUSR1 and saved its state first; the job may be queued again."""

    exit_code = 75  # EX_TEMPFAIL of sysexits.h: try again later


# --- the Hub ------------------------------------------------------------------------------------------------


class HubError(IebenchError):
    """A repository of the Hugging Face Hub that cannot be read or written."""


# --- scoring ------------------------------------------------------------------------------------------------


class ConversionError(IebenchError):
    """An external checkpoint that cannot be converted, or a converted one that is damaged."""


class ScoringError(IebenchError):
    """An object that cannot be scored or compared."""


class EncoderError(ScoringError):
    """An encoder that does not exist, fails, or returns invalid output."""


class ProbeError(ScoringError):
    """A probe of another package that cannot be used."""


class ScoreFileError(ScoringError):
    """A score.json that is missing, damaged or of another format."""


class NotComparable(ScoringError):
    """Scores of different protocols, datasets or smoke runs in one table."""


__all__ = [
    "Collapsed",
    "ConversionError",
    "DatasetError",
    "Diverged",
    "EncoderError",
    "HubError",
    "IebenchError",
    "InvalidValue",
    "MissingPart",
    "NotComparable",
    "ProbeError",
    "RankFailed",
    "Requeue",
    "RunError",
    "RunExists",
    "RunHeld",
    "ScoreFileError",
    "ScoringError",
    "SettingError",
    "Stopped",
    "UnknownName",
    "UsageError",
    "short",
]
