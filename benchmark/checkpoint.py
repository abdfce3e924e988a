"""Checkpoints: everything a run needs to go on as if it had never stopped."""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch

from iebench.manifests.common.files import write_atomic

from .distributed import Ranks
from .errors import RunError

CHECKPOINT = "checkpoint.pt"
KEPT = "checkpoints"  # the folder of those that later ones do not replace


class Stateful(Protocol):
    """A part of a run that changes from step to step: the method, the optimizer, the gradient scaler."""

    def state_dict(self) -> dict[str, Any]: ...

    def load_state_dict(self, state_dict: dict[str, Any], /) -> Any: ...


@dataclass(frozen=True)
class Progress:
    """How far a run is.

    step : steps done; with the seed, this is also the place in the order of views and in every schedule
    seconds : spent training so far
    """

    step: int = 0
    seconds: float = 0.0


def save(run: Path, parts: Mapping[str, Stateful], progress: Progress, ranks: Ranks, keep: bool = False) -> None:
    """Write run/checkpoint.pt, complete or not at all: parts, random generators of all ranks, progress.

    All ranks call this together; the first one writes.

    keep : also as run/checkpoints/step-NUMBER.pt, which stays

    Raises
    ------
    DiskError : no space, or the like; the checkpoint before this one is still there.
    """
    generators = ranks.collect(_generators())
    with ranks.agreed():
        if not ranks.first:
            return
        state = {name: part.state_dict() for name, part in parts.items()}
        content = io.BytesIO()  # a full disk is then an OSError, which torch.save to a file would hide
        torch.save({**state, "generators": generators, "progress": vars(progress)}, content)
        if keep:
            write_atomic(kept(run, progress.step), content.getvalue())
        write_atomic(run / CHECKPOINT, content.getvalue())


def kept(run: Path, step: int) -> Path:
    """The file of a kept checkpoint."""
    return run / KEPT / f"step-{step:07d}.pt"


def restore(run: Path, parts: Mapping[str, Stateful], ranks: Ranks) -> Progress:
    """Put the state in run/checkpoint.pt back into the parts of a run; without the file, start at step 0.

    With another number of ranks than before, those that were not there keep their generators.

    Raises
    ------
    RunError : the file is damaged, not of this method, or not there for all ranks.
    """
    path = run / CHECKPOINT
    found = ranks.collect(path.is_file())
    if any(found) and not all(found):
        lacking = f"rank {found.index(False)} finds no {path} and others do"
        raise ranks.common(RunError(f"{lacking}: give --out a folder that all ranks see"))
    if not any(found):
        return Progress()
    with ranks.agreed():
        return _load(path, parts, ranks)


def _load(path: Path, parts: Mapping[str, Stateful], ranks: Ranks) -> Progress:
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        for name, part in parts.items():
            if state[name]:  # that of a scaler that had nothing to do is empty
                part.load_state_dict(state[name])
        if ranks.rank < len(state["generators"]):
            _set_generators(state["generators"][ranks.rank])
        return Progress(**state["progress"])
    except Exception as error:  # torch.load has no error type of its own for a damaged file
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        remedy = f"copy one of {path.parent / KEPT} over it, or remove {path.parent} and train again"
        raise RunError(f"cannot go on from {path} ({reason}): {remedy}") from error


def _generators() -> dict[str, Any]:
    cuda = torch.cuda.get_rng_state() if torch.cuda.is_available() else None  # of the one GPU of this rank
    return {"cpu": torch.get_rng_state(), "cuda": cuda}


def _set_generators(state: dict[str, Any]) -> None:
    torch.set_rng_state(state["cpu"])
    if torch.cuda.is_available() and state["cuda"] is not None:
        torch.cuda.set_rng_state(state["cuda"])
