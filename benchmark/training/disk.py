"""Disk that a run needs: checked before it begins, and before each checkpoint is written."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from torch import nn

from iebench.manifests.common.space import require
from iebench.manifests.dataset import DatasetInfo

from .checkpoint import CHECKPOINT, KEPT
from .checks import FLOAT, MOMENTS
from .config import RunConfig, TrainSettings
from .runs import WEIGHTS, unallocated_parameters

REMEDY = "or choose another --out"


def disk_bytes(parameters: Iterable[nn.Parameter], settings: TrainSettings, steps: int) -> int:
    """Number of bytes of a finished run: weights, last checkpoint and kept checkpoints; logs and buffers not counted.

    steps : length of the run
    """
    kept = 0 if settings.keep_every is None else steps // settings.keep_every
    return sum(map(_bytes, parameters := list(parameters))) + (1 + kept) * checkpoint_bytes(parameters, settings)


def checkpoint_bytes(parameters: Iterable[nn.Parameter], settings: TrainSettings) -> int:
    """Number of bytes of a checkpoint: weights, and the optimizer's moments of trained weights."""
    moments = MOMENTS[settings.optimizer]
    return sum(_bytes(parameter) * (1 + moments * parameter.requires_grad) for parameter in parameters)


def check_disk(run: Path, parameters: Iterable[nn.Parameter], settings: TrainSettings, steps: int) -> None:
    """Check that a disk has room for the rest of a run, and for a checkpoint beside the one that it replaces.

    Raises
    ------
    DiskError : it has not; names need and free space.
    """
    parameters = list(parameters)
    left = max(0, disk_bytes(parameters, settings, steps) - _present(run))
    require(run, left + checkpoint_bytes(parameters, settings), "a run with its checkpoints", REMEDY)


def check_disk_of_runs(out: Path, runs: Sequence[tuple[Path, RunConfig]]) -> None:
    """Check that a disk has room for several runs under `out`, before the first begins; see `check_disk`."""
    need = sum(max(0, _expected(config) - _present(folder)) for folder, config in runs)
    require(out, need, f"training {len(runs)} runs", REMEDY)


def _expected(config: RunConfig) -> int:
    objects = config.subset or int(DatasetInfo.load(config.data).counts["train"]["objects"])
    return disk_bytes(unallocated_parameters(config), config.settings, config.settings.total_steps(objects))


def _present(run: Path) -> int:
    """Number of bytes of the files of a run that `disk_bytes` counts."""
    files = (run / CHECKPOINT, run / WEIGHTS, *(run / KEPT).glob("*.pt"))
    return sum(path.stat().st_size for path in files if path.is_file())


def _bytes(parameter: nn.Parameter) -> int:
    return FLOAT * parameter.numel()
