"""What can go wrong in training and scoring; adds to the tree of `iebench.manifests.errors`.

IebenchError
├── RunError                 a run folder that cannot be used as it is
│   ├── RunExists            it holds a run already, or one with other settings (says which differ)
│   └── Diverged             the loss is no longer a finite number
└── Stopped                  exit code 130: asked to stop; everything is saved and the same run can go on
"""

from iebench.manifests.errors import DatasetError, IebenchError, MissingPart, SettingError, UnknownName

# --- training -----------------------------------------------------------------------------------------------


class RunError(IebenchError):
    """A run folder that cannot be used as it is."""


class RunExists(RunError):
    """The run folder holds a run already."""


class Diverged(RunError):
    """The loss is no longer a finite number."""


class Stopped(IebenchError):
    """Training was asked to stop (Ctrl-C or SIGTERM) and saved its state first."""

    exit_code = 130


# --- scoring ------------------------------------------------------------------------------------------------

__all__ = [
    "DatasetError",
    "Diverged",
    "IebenchError",
    "MissingPart",
    "RunError",
    "RunExists",
    "SettingError",
    "Stopped",
    "UnknownName",
]
