"""What can go wrong while a dataset is made.

IebenchError
├── UsageError
│   ├── SourceError    a mesh collection that is not there or not laid out as expected
│   │   └── DamagedSource   a published archive that is damaged or cut short; exit code 1
│   ├── DeviceError    a render device that was asked for and is not there
│   └── OutputError    an output folder that holds something else
├── WorkerError        rendering processes that do not survive their start
├── MissingPart        no Blender for this Python, or a system library that Blender needs is missing
└── AssetError         one object that cannot be rendered; recorded in failures.parquet, never stops a run
"""

from iebench.manifests.errors import (
    DatasetError,
    DiskError,
    IebenchError,
    MissingPart,
    PluginBroken,
    UnknownName,
    UsageError,
)

__all__ = [
    "AssetError", "DamagedSource", "DatasetError", "DeviceError", "DiskError", "IebenchError", "MissingPart",
    "OutputError", "PluginBroken", "SourceError", "UnknownName", "UsageError", "WorkerError",
]  # fmt: skip


class SourceError(UsageError):
    """A mesh collection that is not there or not laid out as expected."""


class DamagedSource(SourceError):
    """A published archive that is damaged or cut short: the command was right, what it read was not."""

    exit_code = 1


class DeviceError(UsageError):
    """A render device that was asked for and is not there."""


class OutputError(UsageError):
    """An output folder that holds another dataset or something else."""


class WorkerError(IebenchError):
    """Rendering processes that do not survive their start."""


class AssetError(IebenchError):
    """One object that cannot be rendered."""
