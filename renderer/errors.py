"""The exceptions raised while a dataset is made, as a tree.

IebenchError
├── UsageError
│   ├── SourceError    a mesh collection that is missing or has an unexpected layout
│   │   └── DamagedSource   a published archive that is damaged or truncated; exit code 1
│   ├── DeviceError    a requested render device that is not available
│   └── OutputError    an output folder that contains something else
├── WorkerError        rendering processes that end during their start
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
    """A mesh collection that is missing or has an unexpected layout."""


class DamagedSource(SourceError):
    """A published archive that is damaged or truncated; the command itself was correct."""

    exit_code = 1


class DeviceError(UsageError):
    """A requested render device that is not available."""


class OutputError(UsageError):
    """An output folder that contains another dataset or something else."""


class WorkerError(IebenchError):
    """Rendering processes that end during their start."""


class AssetError(IebenchError):
    """One object that cannot be rendered."""
