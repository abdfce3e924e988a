"""Deletes files of runs that can be made again, and never the only good copy of a run's weights."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import torch

from iebench.manifests.common.files import disk_error

from ..errors import IebenchError, RunError
from ..training.checkpoint import CHECKPOINT, IDENTITY, KEPT, Identity, check_weights
from ..training.config import RunConfig
from ..training.runs import WEIGHTS, held, load
from ..weights.archive import damage

FILES = {"checkpoint": CHECKPOINT, "kept": KEPT, "features": "features"}
"""Deletable parts of a run: name -> file or folder in the run's folder."""


@dataclass(frozen=True)
class Pruning:
    """Files of a run that may be deleted.

    paths : files and folders; bytes : their size; kept : why other parts stay, one clause each
    """

    run: Path
    paths: tuple[Path, ...]
    bytes: int
    kept: tuple[str, ...]


def prunable(run: Path, parts: list[str]) -> Pruning:
    """Decide what may be deleted of a run; reads its weights, and changes nothing.

    A checkpoint may be deleted only while the run has other weights that were read and are sound: the finished ones, or
    for checkpoints/ the last checkpoint.

    parts : keys of FILES
    """
    finished = _fault_of_weights(run)
    saved = _fault_of_checkpoint(run) if finished and "kept" in parts else finished
    faults = {"checkpoint": finished, "kept": finished and saved, "features": finished}
    paths, kept = [], []
    for part in parts:
        path = run / FILES[part]
        if not path.exists() or path.is_symlink():
            continue
        if faults[part]:
            kept.append(f"{FILES[part]} stays: {faults[part]}")
        else:
            paths.append(path)
    return Pruning(run, tuple(paths), sum(map(_bytes, paths)), tuple(kept))


def prune(run: Path, parts: list[str]) -> Pruning:
    """Delete what `prunable` returns, while no other process can train the run.

    Raises
    ------
    RunHeld : another process trains it.
    DiskError : a file cannot be deleted.
    """
    with held(run):
        chosen = prunable(run, parts)
        for path in chosen.paths:
            try:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
            except OSError as error:
                raise disk_error(path, error) from error
    return chosen


def _fault_of_weights(run: Path) -> str:
    """Return why a run's finished weights are not a good copy; "" if they are."""
    try:
        method, _ = load(run)
        check_weights(run, method)
    except IebenchError as error:
        return "the run is not finished" if not (run / WEIGHTS).is_file() else str(error)
    return ""


def _fault_of_checkpoint(run: Path) -> str:
    """Return why a run's last checkpoint is not a good copy; "" if it is."""
    path = run / CHECKPOINT
    if not path.is_file():
        return f"there is no {CHECKPOINT}"
    if clause := damage(path):
        return f"{path} is damaged ({clause})"
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        Identity(RunConfig.load(run).identity()).load_state_dict(state[IDENTITY])
        check_weights(run, _Weights(state["method"]))
    except IebenchError as error:
        return str(error)
    except Exception:  # a damaged archive may raise anything
        return f"{path} holds no checkpoint that PyTorch reads"
    return ""


class _Weights:
    """A saved method, in the form that `check_weights` takes."""

    def __init__(self, state: dict[str, torch.Tensor]) -> None:
        self._state = state

    def state_dict(self) -> dict[str, torch.Tensor]:
        return self._state

    def load_state_dict(self, state_dict: dict[str, torch.Tensor], /) -> None:
        raise RunError("a saved method is only read")


def _bytes(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())
